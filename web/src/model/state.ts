// What does a tab know, and how does it change?
//
// One value and one pure function: everything that arrives is an event. Lists that did not change keep their identity, which
// is how views know that they need not be drawn again.

import type {
  Config,
  Entry,
  Exception,
  Expected,
  Failure,
  FailureGroup,
  HeatScale,
  History,
  Logs,
  Mark,
  Point,
  Run,
  StatsChange,
  Tasks,
  Verdict,
} from "../api/types.ts";
import { append, fromPoints, pastOf, type Past } from "./history.ts";

/** How many lines of each process's log are kept. */
export const LOG_LINES = 5_000;
const MARKS = 1_000;

export type Link =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "lost"; since: number }
  | { is: "refused"; message: string };

export interface State {
  link: Link;
  run: Run | null;
  config: Config | null;
  entries: readonly Entry[];
  total: Entry | null;
  failures: readonly Failure[];
  exceptions: readonly Exception[];
  verdict: Verdict | null;
  groups: readonly FailureGroup[];
  expected: Expected;
  past: readonly Past[];
  marks: readonly Mark[];
  heat: HeatScale;
  tasks: Tasks | null;
  logs: Logs;
  /** How many of the lines that came were of errors. */
  alarms: number;
}

export type PageEvent =
  | { kind: "open" }
  | { kind: "lost"; at: number }
  | { kind: "refused"; message: string }
  | { kind: "run"; data: Run }
  | { kind: "config"; data: Config }
  | { kind: "stats"; data: StatsChange }
  | { kind: "point"; data: Point }
  | { kind: "history"; data: History }
  | { kind: "mark"; data: Mark }
  | { kind: "errors"; data: { errors: Failure[] } }
  | { kind: "exceptions"; data: { exceptions: Exception[] } }
  | { kind: "verdict"; data: Verdict }
  | { kind: "triage"; data: { groups: FailureGroup[] } }
  | { kind: "expectations"; data: Expected }
  | { kind: "tasks"; data: Tasks }
  | { kind: "logs"; data: Logs };

export const HEAT: HeatScale = { first_ms: 0.25, per_octave: 4 };

/** What holds until the users' thread has said otherwise: a server that has just begun knows next to nothing. */
const NO_RUN: Run = {
  state: "missing",
  started_at: null,
  elapsed_s: null,
  run_time_s: null,
  user_count: 0,
  target_user_count: null,
  spawn_rate: null,
  users_by_class: {},
  host: null,
  locustfile: null,
  profile: null,
  shape: null,
  generator: null,
  cpu_percent: null,
  memory_bytes: null,
  workers: [],
  is_distributed: false,
  version: "",
  locust_version: "",
};

const NO_CONFIG: Config = {
  num_users: null,
  spawn_rate: null,
  host: null,
  run_time: null,
  user_classes: [],
  show_userclass_picker: false,
  shapes: [],
  shape_use_common_options: false,
  hide_common_options: false,
  extra_options: {},
  profile: null,
  profiles: [],
  stages: "",
  thresholds: [],
  expect: [],
  percentiles_to_chart: [],
  percentiles_to_statistics: [],
  is_host_required: false,
  missing_host_warning: null,
  stats_history_enabled: false,
  csv_history_enabled: false,
  history_enabled: false,
  login_enabled: false,
  base_path: "",
};

export const EMPTY: State = {
  link: { is: "connecting" },
  run: null,
  config: null,
  entries: [],
  total: null,
  failures: [],
  exceptions: [],
  verdict: null,
  groups: [],
  expected: { rules: [], reclassified: [] },
  past: [],
  marks: [],
  heat: HEAT,
  tasks: null,
  logs: { master: [], workers: {} },
  alarms: 0,
};

export function next(state: State, event: PageEvent): State {
  switch (event.kind) {
    case "open":
      return { ...state, link: { is: "live" }, logs: EMPTY.logs, alarms: 0 };
    case "lost":
      return state.link.is === "lost" ? state : { ...state, link: { is: "lost", since: event.at } };
    case "refused":
      return { ...state, link: { is: "refused", message: event.message } };
    case "run":
      return withRun(state, { ...NO_RUN, ...event.data });
    case "config":
      return { ...state, config: { ...NO_CONFIG, ...event.data } };
    case "stats":
      return withStats(state, event.data);
    case "point":
      return { ...state, past: append(state.past, pastOf(event.data)) };
    case "history":
      return withHistory(state, event.data);
    case "mark":
      return { ...state, marks: withMark(state.marks, event.data) };
    case "errors":
      return { ...state, failures: event.data.errors };
    case "exceptions":
      return { ...state, exceptions: event.data.exceptions };
    case "verdict":
      return { ...state, verdict: event.data };
    case "triage":
      return { ...state, groups: event.data.groups };
    case "expectations":
      return { ...state, expected: event.data };
    case "tasks":
      return { ...state, tasks: event.data };
    case "logs":
      return { ...state, logs: withLines(state.logs, event.data), alarms: state.alarms + alarmsIn(event.data) };
  }
}

/** A run that began anew starts with an empty past. */
function withRun(state: State, run: Run): State {
  const before = state.run?.started_at;
  const isNew = before != null && run.started_at != null && run.started_at > before;
  if (!isNew) return { ...state, run };
  const began = Math.floor(run.started_at as number);
  return {
    ...state,
    run,
    past: state.past.filter((point) => point.at >= began),
    marks: state.marks.filter((mark) => mark.at >= began),
  };
}

function withStats(state: State, change: StatsChange): State {
  if (change.full) return { ...state, entries: change.changed, total: change.total };
  const changed = new Map(change.changed.map((entry) => [keyOf(entry), entry]));
  const entries = state.entries.map((entry) => {
    const key = keyOf(entry);
    const now = changed.get(key);
    changed.delete(key);
    return now ?? entry;
  });
  return { ...state, entries: [...entries, ...changed.values()], total: change.total };
}

function withHistory(state: State, history: History): State {
  const past = fromPoints(history.points);
  const until = past.at(-1)?.at ?? -Infinity;
  return {
    ...state,
    // What the stream brought while the history was on its way comes after it.
    past: state.past.filter((point) => point.at > until).reduce<readonly Past[]>(append, past),
    marks: history.marks.slice(-MARKS),
    heat: history.heat ?? state.heat,
  };
}

function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const isKnown = marks.some((other) => other.at === mark.at && other.kind === mark.kind && other.text === mark.text);
  return isKnown ? marks : [...marks, mark].slice(-MARKS);
}

function withLines(logs: Logs, more: Logs): Logs {
  const workers = { ...logs.workers };
  for (const [id, lines] of Object.entries(more.workers ?? {})) {
    workers[id] = [...(workers[id] ?? []), ...lines].slice(-LOG_LINES);
  }
  return { master: [...logs.master, ...(more.master ?? [])].slice(-LOG_LINES), workers };
}

function alarmsIn({ master, workers }: Logs): number {
  const all = [master ?? [], ...Object.values(workers ?? {})];
  return all.reduce((sum, lines) => sum + lines.filter((line) => levelOf(line) === "bad").length, 0);
}

/** How a line of a log is shown: what is wrong stands out. */
export function levelOf(line: string): "bad" | "warn" | undefined {
  if (/\/(ERROR|CRITICAL)\//.test(line)) return "bad";
  return /\/WARNING\//.test(line) ? "warn" : undefined;
}

/** What tells one entry from another. */
export function keyOf(entry: { method: string; name: string }): string {
  return `${entry.method} ${entry.name}`;
}

/** Whether users are there or about to be. */
export function isActive(run: Run | null): boolean {
  return run !== null && ["spawning", "running", "paused", "cleanup", "stopping"].includes(run.state);
}
