// Invented numbers, the same at each start: what a server of /api/v1 would say.

/** A small generator of repeatable numbers in [0, 1). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const PERCENTILES = ["0.5", "0.66", "0.75", "0.8", "0.9", "0.95", "0.98", "0.99", "0.999", "1"];
const SPREAD = [1, 1.2, 1.35, 1.5, 1.9, 2.4, 3.1, 4, 6.5, 9];
const AREAS = ["products", "orders", "customers", "carts", "search", "reviews", "payments", "shipments"];
const METHODS = ["GET", "GET", "GET", "POST", "PUT", "DELETE"];

export function entry(index, seconds) {
  const random = chance(index + 1);
  const method = METHODS[Math.floor(random() * METHODS.length)];
  const area = AREAS[index % AREAS.length];
  const name = index < AREAS.length ? `/api/${area}` : `/api/${area}/${["by-id", "list", "stock", "price", "history"][index % 5]}/${index}`;
  const median = 4 + random() * 90;
  const rps = 0.5 + random() * 40;
  return withTimes({ method, name, median, rps, failing: index % 7 === 3 ? 0.02 : 0, seconds });
}

function withTimes({ method, name, median, rps, failing, seconds }) {
  const requests = Math.floor(rps * seconds);
  const failures = Math.floor(requests * failing);
  const percentiles = Object.fromEntries(PERCENTILES.map((key, at) => [key, requests === 0 ? null : median * SPREAD[at]]));
  const phase = (share) => ({ avg_ms: median * share, p95_ms: median * share * 2.2, count: requests });
  return {
    method,
    name,
    requests,
    failures,
    rps: seconds === 0 ? 0 : rps,
    fail_per_s: rps * failing,
    avg_ms: requests === 0 ? null : median * 1.15,
    min_ms: requests === 0 ? null : median * 0.3,
    max_ms: requests === 0 ? null : median * 9,
    median_ms: requests === 0 ? null : median,
    percentiles,
    avg_bytes: 300 + median * 40,
    status: failures > 0 ? { 200: requests - failures, 503: failures } : { 200: requests },
    phases: { dns: phase(0.001), connect: phase(0.02), sent: phase(0.01), waiting: phase(0.8), receiving: phase(0.17) },
  };
}

export function total(entries, seconds) {
  const sum = (key) => entries.reduce((all, one) => all + one[key], 0);
  const rps = sum("rps");
  const whole = withTimes({ method: "", name: "Aggregated", median: 38, rps, failing: 0, seconds });
  const failures = sum("failures");
  return { ...whole, requests: sum("requests"), failures, fail_per_s: sum("fail_per_s"), status: { 200: sum("requests") - failures, 503: failures } };
}

/** The point of one second: load rises for two minutes, and there is a slow spell every ten. */
export function point(at, second, users, entries) {
  const random = chance(second + 7);
  const slow = second % 600 > 480 && second % 600 < 540 ? 3 : 1;
  const median = (30 + 10 * Math.sin(second / 90) + 4 * random()) * slow;
  const rps = users * 2.1 * (0.95 + 0.1 * random());
  const heat = [];
  const centre = Math.round(Math.log2(median / 0.25) * 4);
  for (let bucket = centre - 8; bucket <= centre + 12; bucket += 1) {
    const count = Math.floor(rps * 0.22 * Math.exp(-(((bucket - centre) / 3.4) ** 2)) + (random() < 0.2 ? 1 : 0));
    if (count > 0 && bucket >= 0) heat.push([bucket, count]);
  }
  return {
    at,
    users,
    rps,
    fail_per_s: slow > 1 ? rps * 0.02 : random() < 0.1 ? 1 : 0,
    percentiles: { 0.5: median, 0.9: median * 1.9, 0.95: median * 2.4, 0.99: median * 4 },
    avg_ms: median * 1.15,
    lag_p99_ms: 0.1 + 0.3 * random(),
    heat,
    entries,
  };
}

export const SCRIPT_NAME = '<img src=x onerror="window.broken=1">';

export function errors(at) {
  const one = (name, error, occurrences, sample, method = "GET") => ({
    method, name, error, occurrences, first_seen_at: at - 300, last_seen_at: at, sample,
  });
  return [
    one("/api/orders", "503 Server Error: Service Unavailable for url: /api/orders", 42, "s1", "POST"),
    one("/api/search", "order refused: expected 200, got 429", 7, "s2"),
    one(SCRIPT_NAME, '<script>window.broken=1</script>', 1, null),
  ];
}

export function sample(id) {
  const url = "http://127.0.0.1:8000/api/orders";
  return {
    id, method: "POST", url, name: "/api/orders", status: 503,
    error: "503 Server Error: Service Unavailable for url: /api/orders",
    at: 1_760_000_000, response_ms: 148.2, user_class: "Shopper",
    phases: { dns: null, connect: 0.4, tls: null, sent: 0.1, waiting: 146.9, receiving: 0.8 },
    request: {
      headers: [["Host", "127.0.0.1:8000"], ["Content-Type", "application/json"], ["Authorization", "***"]],
      body: '{"product_id": 7, "quantity": 2}', body_truncated: false,
    },
    response: { headers: [["Content-Type", "text/plain"], ["Retry-After", "1"]], body: "overloaded, try again", body_truncated: true },
    curl: `curl -X POST ${url} -H 'Content-Type: application/json' -H 'Authorization: ***' --data '{"product_id": 7, "quantity": 2}'`,
  };
}

export const TASKS = {
  per_class: {
    Shopper: { ratio: 0.75, tasks: { browse: { ratio: 0.6 }, order: { ratio: 0.15 }, Account: { ratio: 0.25, tasks: { history: { ratio: 1 } } } } },
    Robot: { ratio: 0.25, tasks: { crawl: { ratio: 1 } } },
  },
  total: {
    Shopper: { ratio: 0.75, tasks: { browse: { ratio: 0.45 }, order: { ratio: 0.1125 }, Account: { ratio: 0.1875, tasks: { history: { ratio: 0.1875 } } } } },
    Robot: { ratio: 0.25, tasks: { crawl: { ratio: 0.25 } } },
  },
};

const option = (default_value, more = {}) => ({
  default_value, choices: null, help_text: null, is_secret: false, is_required: false, is_multiple: false, ...more,
});

export const CONFIG = {
  num_users: 100, spawn_rate: 10, host: "http://127.0.0.1:8000", run_time: null,
  user_classes: [
    { name: "Robot", weight: 1, fixed_count: 0, host: null, tasks: ["crawl"], available_tasks: ["crawl"] },
    { name: "Shopper", weight: 3, fixed_count: 0, host: null, tasks: ["browse", "browse", "order"], available_tasks: ["browse", "order"] },
  ],
  show_userclass_picker: true,
  shapes: ["Default", "Stairs"],
  shape_use_common_options: false, hide_common_options: false,
  extra_options: {
    tenant: option("acme", { help_text: "whose shop is tested" }),
    api_key: option("", { is_secret: true, help_text: "is not shown again" }),
    region: option("eu", { choices: ["eu", "us", "asia"] }),
    flags: option(["fast"], { choices: ["fast", "deep", "odd"], is_multiple: true }),
    depth: option(3, { help_text: "pages per visit" }),
    cached: option(true),
  },
  profile: null, profiles: ["smoke", "nightly"], stages: "", thresholds: [], expect: [],
  percentiles_to_chart: [0.5, 0.95], percentiles_to_statistics: [0.95, 0.99],
  is_host_required: false, missing_host_warning: false,
  stats_history_enabled: true, csv_history_enabled: true, history_enabled: false, login_enabled: false, base_path: "",
};

export const NOTHING_ASKED = { is_over: false, is_asked: false, passed: true, aborted: null, thresholds: [], levels: [] };

export const EXCEPTIONS = [
  {
    count: 3, message: "KeyError: 'id'", nodes: ["local"],
    traceback: 'Traceback (most recent call last):\n  File "locustfile.py", line 31, in order\n    self.open(answer["id"])',
  },
];

export function run(state, at, started_at, users, target, more = {}) {
  const elapsed_s = started_at === null ? null : at - started_at;
  return {
    state, started_at, elapsed_s, run_time_s: null, user_count: users, target_user_count: target, spawn_rate: 10,
    users_by_class: { Shopper: Math.ceil(users * 0.75), Robot: Math.floor(users * 0.25) },
    host: "http://127.0.0.1:8000", locustfile: "locustfile.py", profile: null, shape: null,
    generator: { lag_p50_ms: 0.05, lag_p99_ms: 0.31, lag_max_ms: 4.2, start_lag_p99_ms: 0.4, limited: false, limit_ms: 10, remedy: null },
    cpu_percent: 38, memory_bytes: 84_000_000, workers: [], is_distributed: false, version: "0.1.0", locust_version: "2.46.3", ...more,
  };
}
