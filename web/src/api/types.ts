// What does the server say?
//
// The types of /api/v1. `_ms` are milliseconds, `_s` seconds, `_at` seconds since the epoch, rates are per second; what does
// not exist is null, never 0.

export type RunState =
  | "ready"
  | "spawning"
  | "running"
  | "paused"
  | "cleanup"
  | "stopping"
  | "stopped"
  | "missing";

/** How far the generator itself was behind. */
export interface Generator {
  lag_p50_ms: number | null;
  lag_p99_ms: number | null;
  lag_max_ms: number | null;
  start_lag_p99_ms: number | null;
  limited: boolean;
  limit_ms: number | null;
  remedy: string | null;
}

export interface Worker {
  id: string;
  state: string;
  user_count: number;
  cpu_usage: number;
  memory_usage: number;
}

export interface Run {
  state: RunState;
  started_at: number | null;
  elapsed_s: number | null;
  run_time_s: number | null;
  user_count: number;
  target_user_count: number | null;
  spawn_rate: number | null;
  users_by_class: Record<string, number>;
  host: string | null;
  locustfile: string | null;
  profile: string | null;
  shape: string | null;
  generator: Generator | null;
  cpu_percent: number | null;
  memory_bytes: number | null;
  workers: Worker[];
  is_distributed: boolean;
  version: string;
  locust_version: string;
}

export const PHASES = ["dns", "connect", "tls", "sent", "waiting", "receiving"] as const;
export type PhaseName = (typeof PHASES)[number];

export interface PhaseTimes {
  avg_ms: number | null;
  p95_ms: number | null;
  count: number;
}

export interface Entry {
  method: string;
  name: string;
  requests: number;
  failures: number;
  rps: number | null;
  fail_per_s: number | null;
  avg_ms: number | null;
  min_ms: number | null;
  max_ms: number | null;
  median_ms: number | null;
  percentiles: Record<string, number | null>;
  avg_bytes: number | null;
  status: Record<string, number>;
  phases: Partial<Record<PhaseName, PhaseTimes>>;
}

export interface Stats {
  at: number;
  entries: Entry[];
  total: Entry;
}

/** The event `stats`: what changed since the last one, or everything. */
export interface StatsChange {
  at: number;
  changed: Entry[];
  total: Entry;
  full: boolean;
}

export interface Failure {
  method: string;
  name: string;
  error: string;
  occurrences: number;
  first_seen_at: number | null;
  last_seen_at: number | null;
  sample: string | null;
}

export interface Message {
  headers: [string, string][];
  body: string | null;
  body_truncated: boolean;
}

/** One failed exchange that was kept. */
export interface Sample {
  id: string;
  method: string;
  url: string;
  name: string;
  status: number | null;
  error: string;
  at: number;
  response_ms: number | null;
  phases: Partial<Record<PhaseName, number | null>> | null;
  user_class: string | null;
  request: Message;
  response: Message | null;
  curl: string;
}

/** The failures of one cause at one endpoint. */
export interface FailureGroup {
  cause: string;
  method: string;
  name: string;
  failures: number;
  requests: number;
  share: number | null;
  example: string;
  first_seen_at: number;
  last_seen_at: number;
  samples: string[];
}

/** What became of one rule about failures. */
export interface RuleOutcome {
  rule: string;
  verdict: string;
  limit: number | null;
  requests: number;
  /** Failures that it had stay failures; runs of earlier versions do not know. */
  kept?: number;
  covered: number;
  share: number;
  broken: boolean;
}

/** Requests that a rule made something else of, or `kept` as failures. */
export interface Reclassified {
  rule: string;
  verdict: string;
  method: string;
  name: string;
  from: string;
  occurrences: number;
  first_seen_at: number;
  last_seen_at: number;
}

export interface Expected {
  rules: RuleOutcome[];
  reclassified: Reclassified[];
}

/** What the user's own code raised. */
export interface Exception {
  count: number;
  message: string;
  traceback: string;
  nodes: string[];
}

export interface Point {
  at: number;
  users: number | null;
  rps: number | null;
  fail_per_s: number | null;
  percentiles: Record<string, number | null>;
  avg_ms: number | null;
  lag_p99_ms: number | null;
  heat: [bucket: number, count: number][];
}

export interface Mark {
  at: number;
  kind: "start" | "spawned" | "stage" | "users" | "pause" | "resume" | "reset" | "stop";
  text: string;
}

/** Where the heat map's buckets lie: bucket i begins at first_ms * 2^(i / per_octave). */
export interface HeatScale {
  first_ms: number;
  per_octave: number;
}

export interface History {
  points: Point[];
  marks: Mark[];
  heat?: HeatScale;
}

export interface Histogram {
  unit: "us";
  buckets: [upper: number, count: number][];
  count: number;
}

export interface Logs {
  master: string[];
  workers: Record<string, string[]>;
}

export interface UserClass {
  name: string;
  weight: number;
  fixed_count: number;
  host: string | null;
  /** Those that its users choose from, each as often as its weight says. */
  tasks: string[];
  /** All that it was written with, each once. */
  available_tasks: string[];
}

export type OptionValue = string | number | boolean | null | (string | number)[];

/** A custom argument of the locustfile. */
export interface ExtraOption {
  default_value: OptionValue;
  choices: (string | number)[] | null;
  help_text: string | null;
  is_secret: boolean;
  is_required: boolean;
  is_multiple: boolean;
}

export interface Config {
  num_users: number | null;
  spawn_rate: number | null;
  host: string | null;
  run_time: string | number | null;
  user_classes: UserClass[];
  show_userclass_picker: boolean;
  shapes: string[];
  shape_use_common_options: boolean;
  hide_common_options: boolean;
  extra_options: Record<string, ExtraOption>;
  profile: string | null;
  profiles: string[];
  stages: string;
  thresholds: string[];
  expect: string[];
  percentiles_to_chart: number[];
  percentiles_to_statistics: number[];
  is_host_required: boolean;
  missing_host_warning: boolean | string | null;
  stats_history_enabled: boolean;
  csv_history_enabled: boolean;
  history_enabled: boolean;
  login_enabled: boolean;
  base_path: string;
}

export interface TaskRatio {
  ratio: number;
  tasks?: Record<string, TaskRatio>;
}

export interface Tasks {
  per_class: Record<string, TaskRatio>;
  total: Record<string, TaskRatio>;
}

/** What starts a run, or changes the one that runs. */
export interface RunRequest {
  user_count?: number;
  spawn_rate?: number;
  host?: string;
  run_time?: string;
  user_classes?: string[];
  shape_class?: string;
  profile?: string;
  stages?: string;
  thresholds?: string[];
  expect?: string[];
  options?: Record<string, OptionValue>;
}

export interface RunAnswer {
  success: boolean;
  message: string;
}

/** What may be changed of a user class, with Locust's keys. */
export interface UserChange {
  user_class_name: string;
  weight?: number;
  fixed_count?: number;
  host?: string;
  /** The names of the tasks that it keeps. */
  tasks?: string[];
}

/** What users of Locust's page add to it. */
export interface Additions {
  extended_tabs?: { title: string; key: string }[];
  extended_tables?: { key: string; structure: { key: string; title: string }[] }[];
  extended_csv_files?: { href: string; title: string }[];
}

/** What became of a threshold. */
export interface Outcome {
  text: string;
  passed: boolean;
  state: "waiting" | "met" | "broken";
  value: number | null;
  limit: number;
  limit_shown: string;
  /** What is measured at the moment, while the run goes on. */
  now: number | null;
  now_shown: string | null;
  unit: "ms" | "share" | "count" | "per_s";
  shown: string;
  place: string;
  at_s: number | null;
}

/** What was measured of a level, or of a name in it. */
export interface Figures {
  requests: number;
  failures: number;
  fail_ratio: number;
  rps: number;
  avg_ms: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
}

/** A level of load: what is asked of it and what became of it. */
export interface Level extends Figures {
  scenario: string | null;
  number: number;
  title: string;
  state: "coming" | "running" | "over";
  users: number;
  spawn_rate: number;
  seconds: number;
  is_complete: boolean;
  max_ms: number | null;
  degradation: number | null;
  reference: string;
  allowance: number | null;
  broken: string[];
  is_asked: boolean;
  passed: boolean;
}

/** Whether a run met what was asked of it, or how it stands while it goes on. */
/** Something beside thresholds and levels that decided on a run. */
export interface Finding {
  kind: "rule" | "tasks" | "baseline";
  name: string;
  said: string;
  passed: boolean;
}

export interface Verdict {
  is_over: boolean;
  is_asked: boolean;
  passed: boolean;
  aborted: string | null;
  thresholds: Outcome[];
  levels: Level[];
  findings?: Finding[];
}
