// A server of /api/v1 with invented numbers, for the tests of the page and for work on it.
//
// usage: node mock/server.mjs [port]. Tests import `serve` and drive its clock themselves.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as made from "./data.mjs";
import { bell, Shelf } from "./stored.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
/** What the real server sends: the page has to live with it. */
const POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-ancestors 'none'";

/** One run with its users, its history and whoever follows it. */
export class Mock {
  constructor({ entries = 12, history = 0, now = 1_760_000_000, template_args = {} } = {}) {
    Object.assign(this, { size: entries, now, template_args, refuses: false, limited: false, distributed: false });
    Object.assign(this, { state: "ready", users: 0, target: null, started_at: null, points: [], marks: [], calls: [], followers: new Set() });
    this.logs = [`[2026-01-01 00:00:00,000] host/INFO/katydid.main: web interface at http://127.0.0.1:8089`];
    this.config = structuredClone(made.CONFIG);
    this.stored = new Shelf();
    this.judged = { verdict: made.NOTHING_ASKED, triage: { groups: [] }, expectations: { rules: [], reclassified: [] } };
    if (history > 0) this.#past(history);
  }

  #past(seconds) {
    this.begin(100);
    this.started_at = this.now - seconds;
    this.marks = [{ at: this.started_at, kind: "start", text: "" }, { at: this.started_at + 10, kind: "spawned", text: "100 users" }];
    this.users = 100;
    this.state = "running";
    for (let second = 0; second < seconds; second += 1) {
      this.points.push(made.point(this.started_at + second + 1, second, Math.min(100, 10 + second * 10), []));
    }
  }

  begin(users) {
    Object.assign(this, { state: "spawning", target: users, users: 0, started_at: this.now, points: [], marks: [] });
    this.mark("start", "");
  }

  mark(kind, text) {
    const mark = { at: this.now, kind, text };
    this.marks.push(mark);
    this.send("mark", mark);
  }

  get seconds() {
    return this.started_at === null ? 0 : this.now - this.started_at;
  }

  entries() {
    if (this.started_at === null) return [];
    return Array.from({ length: this.size }, (_, index) => made.entry(index, this.seconds));
  }

  run() {
    const run = made.run(this.state, this.now, this.started_at, this.users, this.target);
    if (this.limited) Object.assign(run.generator, { limited: true, lag_p99_ms: 64, remedy: "use --processes 2" });
    if (this.distributed) {
      const worker = (id) => ({ id, state: this.state, user_count: this.users / 2, cpu_usage: 41.5, memory_usage: 92_000_000 });
      Object.assign(run, { is_distributed: true, workers: [worker("host-a_1f2e"), worker("host-b_77ac")] });
    }
    return run;
  }

  /** One second passes. */
  tick(sendsStats = true) {
    this.now += 1;
    const isOn = ["spawning", "running", "paused"].includes(this.state);
    if (isOn) this.#spawn();
    if (isOn) {
      const point = made.point(this.now, this.seconds, this.users, []);
      if (this.state === "paused") Object.assign(point, { rps: 0, fail_per_s: 0, heat: [] });
      this.points.push(point);
      this.send("point", point);
    }
    this.send("run", this.run());
    if (!isOn || !sendsStats) return;
    const entries = this.entries();
    for (const event of this.#stats(entries, false)) this.send("stats", event);
    this.send("errors", { errors: made.errors(this.now) });
    this.log(`host/${this.seconds % 10 === 0 ? "WARNING" : "INFO"}/root: second ${this.seconds}`);
  }

  /** As the server does it: a hundred rows at a time, of which the first says whether they are all. */
  #stats(entries, full) {
    const total = made.total(entries, this.seconds);
    const parts = Math.max(1, Math.ceil(entries.length / 100));
    const part = (index) => entries.slice(100 * index, 100 * (index + 1));
    return Array.from({ length: parts }, (_, index) => ({ at: this.now, changed: part(index), total, full: full && index === 0 }));
  }

  log(line) {
    this.logs.push(`[2026-01-01 00:00:00,000] ${line}`);
    this.send("logs", { master: [this.logs.at(-1)], workers: {} });
  }

  #spawn() {
    const step = Math.sign(this.target - this.users) * Math.min(50, Math.abs(this.target - this.users));
    this.users += step;
    if (this.state === "spawning" && this.users === this.target) {
      this.state = "running";
      this.mark("spawned", `${this.users} users`);
    }
  }

  send(kind, data) {
    for (const follower of this.followers) follower.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** What is published of verdict, triage or expectations changes. */
  judge(kind, document) {
    this.judged[kind] = document;
    this.send(kind, document);
  }

  follow(response) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    this.followers.add(response);
    response.on("close", () => this.followers.delete(response));
    const entries = this.entries();
    const first = [
      ["config", this.config],
      ["run", this.run()],
      ...this.#stats(entries, true).map((event) => ["stats", event]),
      ["errors", { errors: this.started_at === null ? [] : made.errors(this.now) }],
      ["exceptions", { exceptions: this.started_at === null ? [] : made.EXCEPTIONS }],
      ...Object.entries(this.judged),
      ["logs", { master: this.logs, workers: {} }],
    ];
    for (const [kind, data] of first) response.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** What a call of /api/v1 is answered with: status and JSON. */
  answer(method, path, body) {
    this.calls.push({ method, path, body });
    const entries = this.entries();
    const found = {
      "GET run": () => this.run(),
      "GET config": () => this.config,
      "GET stats": () => ({ at: this.now, entries, total: made.total(entries, this.seconds) }),
      "GET history": () => ({ points: this.points, marks: this.marks, heat: { first_ms: 0.25, per_octave: 4 } }),
      "GET tasks": () => made.TASKS,
      "GET errors": () => ({ errors: made.errors(this.now) }),
      "GET exceptions": () => ({ exceptions: made.EXCEPTIONS }),
      "GET histogram": () => ({ unit: "us", count: 100, buckets: [[8000, 10], [16000, 40], [32000, 30], [64000, 15], [256000, 5]] }),
      "POST run": () => this.#start(body),
      "PATCH run": () => this.#change(body),
      "POST run/stop": () => this.#to("stopped", "stop"),
      "POST run/pause": () => this.#to("paused", "pause"),
      "POST run/resume": () => this.#to("running", "resume"),
      "POST run/reset": () => this.#reset(),
      "POST users": () => ({}),
    }[`${method} ${path}`];
    if (found !== undefined) {
      const said = found();
      return said.error === undefined ? [200, said] : [400, said];
    }
    return path.startsWith("samples/") ? [200, made.sample(path.slice(8))] : [404, { error: "there is nothing here" }];
  }

  #start(body) {
    if (body.host === "http://refused") return { error: "this host is not allowed", field: "host" };
    this.begin(body.user_count ?? 10);
    this.send("run", this.run());
    return { success: true, message: "Swarming started" };
  }

  #change(body) {
    this.target = body.user_count ?? this.target;
    this.mark("users", `${this.target} users`);
    return { success: true, message: "changed" };
  }

  #to(state, kind) {
    this.state = state;
    if (state === "stopped") this.users = 0;
    this.mark(kind, "");
    this.send("run", this.run());
    return { success: true, message: state };
  }

  #reset() {
    this.started_at = this.now;
    this.mark("reset", "");
    const entries = this.entries();
    this.send("stats", { at: this.now, changed: entries, total: made.total(entries, 0), full: true });
    return { success: true, message: "reset" };
  }

  /** All that a report holds. */
  report() {
    const entries = this.entries();
    return {
      run: this.run(), stats: { at: this.now, entries, total: made.total(entries, this.seconds) },
      errors: { errors: made.errors(this.now) }, exceptions: { exceptions: made.EXCEPTIONS }, tasks: made.TASKS,
      history: { points: this.points, marks: this.marks, heat: { first_ms: 0.25, per_octave: 4 } }, config: this.config,
      distributions: entries.slice(0, 3).map(({ method, name, median_ms }) => ({ method, name, times: bell(median_ms ?? 20) })),
      samples: { s1: made.sample("s1") }, started_at: this.started_at, ended_at: this.now,
    };
  }
}

/** JSON as it may stand inside a document's script element. */
export function escaped(value) {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}

export function filled(document, value) {
  return document.replace(/(<script id="katydid-data"[^>]*>)\{\}/, (_all, open) => open + escaped(value));
}

/** Serves a mock and the built page; port 0 takes a free one. */
export async function serve(mock, port = 0) {
  const server = createServer((request, response) => {
    handle(mock, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

async function handle(mock, request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  if (mock.refuses && pathname !== "/login" && !pathname.startsWith("/assets/")) {
    if (pathname.startsWith("/api/")) return json(response, 401, { error: "sign in first" });
    if (pathname === "/") return response.writeHead(302, { Location: "/login?next=/" }).end();
  }
  if (pathname === "/api/v1/events") return mock.follow(response);
  if (pathname.startsWith("/api/v1/")) {
    const body = await bodyOf(request);
    if (/^\/api\/v1\/(runs|baselines|comparison)/.test(pathname)) {
      const { searchParams } = new URL(request.url, "http://mock");
      const [status, said] = mock.stored.answer(request.method, pathname.slice(8), searchParams, body);
      return json(response, status, said);
    }
    const [status, said] = mock.answer(request.method, pathname.slice(8), body);
    return json(response, status, said);
  }
  if (pathname === "/stats/requests") return json(response, 200, { extended_stats: mock.extended ?? [] });
  if (pathname.endsWith("/csv")) return csv(response, pathname);
  return document(mock, pathname, response);
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}

function json(response, status, said) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(said));
}

function csv(response, pathname) {
  const name = pathname.split("/").at(-2);
  response
    .writeHead(200, { "Content-Type": "text/csv", "Content-Disposition": `attachment;filename=Locust_${name}.csv` })
    .end("Type,Name\r\n");
}

async function document(mock, pathname, response) {
  const name = { "/": "/index.html", "/history": "/history.html", "/login": "/auth.html", "/stats/report": "/report.html" }[pathname] ?? pathname;
  const path = normalize(join(DIST, name));
  if (!path.startsWith(DIST)) return json(response, 404, { error: "there is nothing here" });
  let content;
  try {
    content = await readFile(path);
  } catch {
    return json(response, 404, { error: "there is nothing here" });
  }
  const data = { "/index.html": { template_args: mock.template_args }, "/history.html": { has_run: true }, "/auth.html": mock.auth_args ?? {}, "/report.html": mock.report() }[name];
  const policy = name === "/report.html" ? {} : { "Content-Security-Policy": POLICY };
  response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", ...policy });
  response.end(data === undefined ? content : filled(String(content), data));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const mock = new Mock({ entries: Number(process.env.ENTRIES ?? 40), history: Number(process.env.HISTORY ?? 900), now: Math.floor(Date.now() / 1000) });
  const { url } = await serve(mock, Number(process.argv[2] ?? 8090));
  setInterval(() => mock.tick(), 1000);
  console.log(`the mock listens on ${url}`);
}
