// Stored runs with invented numbers: a list, reports, comparisons; names are given and runs forgotten.

const DAY = 86_400;

export function storedRun(run, more = {}) {
  return {
    ...{ run, state: "finished", started_at: 1_760_000_000 + run * DAY, ended_at: 1_760_000_300 + run * DAY, seconds: 300 },
    ...{ locustfile: run % 2 === 0 ? "shop.py" : "chat.py", host: "http://127.0.0.1:8000", profile: run % 3 === 0 ? "nightly" : "" },
    ...{ users: 10 * run, requests: 1000 * run, failures: run, fail_ratio: 0.001, rps: 33.3 * run, p50_ms: 20, p95_ms: 80 + run, p99_ms: 140 },
    ...{ passed: run % 4 === 0 ? false : true, exit_code: 0, revision: "4f2a", baselines: [] },
    ...more,
  };
}

/** Buckets around a response time in milliseconds, with a tail. */
export function bell(ms, requests = 1000) {
  const middle = Math.round(16 * Math.log2(ms * 1000));
  return Array.from({ length: 49 }, (_, index) => {
    const off = index - 16;
    return [middle + off, Math.max(1, Math.round(requests * 0.09 * Math.exp(-(off * off) / (off > 0 ? 90 : 40))))];
  });
}

function figures(ms) {
  return { requests: 1200, failures: 6, fail_ratio: 0.005, rps: 20, avg_ms: ms, p50_ms: ms, p95_ms: 3 * ms, p99_ms: 4 * ms };
}

export function row(level, name, before, after, more = {}) {
  const change = (after - before) / before;
  const outcome = change > 0.1 ? "worse" : change < -0.1 ? "better" : "same";
  const changes = ["p50", "p95"].map((metric) => ({ metric, change, low: change - 0.05, high: change + 0.05, allowed: 0.1, outcome }));
  return {
    level, method: "POST", name, before: figures(before), after: figures(after), outcome,
    changes: [...changes, { metric: "errors", change: 0, low: 0, high: 0, allowed: 0.01, outcome: "same" }],
    times: [bell(before), bell(after)], ...more,
  };
}

/** What the server of stored runs answers. */
export class Shelf {
  constructor(runs = 5) {
    this.runs = Array.from({ length: runs }, (_, index) => storedRun(index + 1));
    this.calls = [];
    this.report = {};
    this.rows = [row("level 1", "/rpc", 20, 21), row("level 2", "/rpc", 40, 73), row("level 2", "/chat", 60, 50)];
    this.name("main", 1);
  }

  name(name, number) {
    const known = this.runs.find(({ run }) => run === number);
    if (known === undefined) return [404, { error: `there is no run ${number}: katydid runs lists them` }];
    if (name === "last") return [400, { error: '"last" cannot name a baseline: a number or "last" means a run' }];
    for (const run of this.runs) run.baselines = run.baselines.filter((other) => other !== name);
    known.baselines.push(name);
    return [200, { success: true }];
  }

  answer(method, path, query, body) {
    this.calls.push({ method, path, query: String(query), body });
    const [kind, id, form] = path.split("/").map(decodeURIComponent);
    if (kind === "baselines" && method === "PUT") return this.name(id, body.run);
    if (kind === "comparison") return [200, this.compared(query)];
    if (id === undefined) {
      const baselines = this.runs.flatMap((run) => run.baselines.map((name) => ({ name, run: run.run })));
      return [200, { runs: [...this.runs].reverse(), baselines, store: "runs.db", unread: 0 }];
    }
    const found = this.runs.find(({ run }) => String(run) === id);
    if (found === undefined) return [404, { error: `there is no run ${id}: katydid runs lists them` }];
    if (method === "DELETE") this.runs = this.runs.filter((run) => run !== found);
    if (form === "report") return [200, { html: true }];
    return [200, method === "DELETE" ? { success: true } : { ...this.report, stored: { run: found.run } }];
  }

  compared(query) {
    const rows = query.get("allow") ? this.rows.map((one) => ({ ...one, outcome: "same" })) : this.rows;
    const named = (run) => `run ${run}`;
    return { before: `main (${named(query.get("before"))})`, after: named(query.get("after")), rows, notes: ["by the rule \"409\" 12 requests were expected, in the baseline 9"] };
  }
}
