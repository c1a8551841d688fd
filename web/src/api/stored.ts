// What is told of stored runs: the types and the calls of /api/v1/runs, baselines and comparison.

import type { ReportData } from "../report/data.ts";
import { call } from "./client.ts";
import type { Figures } from "./types.ts";

export interface StoredRun {
  run: number;
  state: "running" | "finished" | "unfinished";
  started_at: number;
  ended_at: number | null;
  seconds: number;
  locustfile: string;
  host: string;
  profile: string;
  users: number;
  requests: number;
  failures: number;
  fail_ratio: number | null;
  rps: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  /** Whether all was met that was asked; null where nothing was. */
  passed: boolean | null;
  exit_code: number | null;
  revision: string | null;
  baselines: string[];
}

export interface StoredRuns {
  runs: StoredRun[];
  baselines: { name: string; run: number }[];
  store: string;
  /** Runs whose percentiles are not known yet: whoever asks again gets more. */
  unread: number;
}

/** How often each bucket was hit: bucket i ends at 2^(i / 16) microseconds. */
export type Buckets = readonly (readonly [bucket: number, count: number])[];

/** The distribution of a name; that of all requests has no method. */
export interface Distribution {
  method: string;
  name: string;
  times: Buckets;
}

export type Judgement = "worse" | "undecided" | "better" | "same";

export interface Change {
  metric: "p50" | "p95" | "errors";
  change: number | null;
  low: number | null;
  high: number | null;
  allowed: number;
  outcome: Judgement;
}

/** One name in one level on both sides. */
export interface ComparedRow {
  level: string;
  method: string;
  name: string;
  before: Figures | null;
  after: Figures | null;
  changes: Change[];
  outcome: Judgement;
  /** Distributions of both sides; not there where the baseline is another run by now. */
  times?: readonly [Buckets, Buckets];
}

export interface Compared {
  before: string;
  after: string;
  rows: ComparedRow[];
  notes: string[];
  is_regression?: boolean;
  runs?: [StoredRun, StoredRun];
}

const runs = "api/v1/runs";

export const archive = {
  runs: () => call<StoredRuns>("GET", runs),
  run: (run: string) => call<ReportData>("GET", `${runs}/${encodeURIComponent(run)}`),
  reportOf: (run: string) => `${runs}/${encodeURIComponent(run)}/report`,
  remove: (run: number) => call<unknown>("DELETE", `${runs}/${run}`),
  comparison: (pair: Pair) => call<Compared>("GET", `api/v1/comparison?${asked(pair)}`),
  comparisonReport: (pair: Pair) => `api/v1/comparison/report?${asked(pair)}`,
  setBaseline: (name: string, run: number) => call<unknown>("PUT", baseline(name), { run }),
  removeBaseline: (name: string) => call<unknown>("DELETE", baseline(name)),
};

/** Which runs are compared, and what the degradation may be, level by level. */
export interface Pair {
  before: string;
  after: string;
  allow?: string;
}

function asked({ before, after, allow = "" }: Pair): string {
  return String(new URLSearchParams({ before, after, ...(allow === "" ? {} : { allow }) }));
}

function baseline(name: string): string {
  return `api/v1/baselines/${encodeURIComponent(name)}`;
}
