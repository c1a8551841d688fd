// Did the run meet what was asked of it? Thresholds with what was measured, and levels side by side.

import type { Level, Outcome, Verdict as Found } from "../api/types.ts";
import { count, duration, figure, NOTHING, percent, rate } from "../model/units.ts";
import { type Column, Table } from "../parts/Table.tsx";

export function Verdict({ verdict }: { verdict: Found }) {
  return (
    <section aria-label="Verdict">
      {verdict.aborted !== null && <p>The run was ended early: {verdict.aborted}</p>}
      {verdict.thresholds.length > 0 && (
        <Table
          label="Thresholds"
          columns={THRESHOLDS}
          rows={numbered(verdict.thresholds)}
          rowKey={(found) => String(found.place_in_list)}
          initial={{ by: "order", descending: false }}
          empty="No threshold."
        />
      )}
      {verdict.levels.length > 0 && (
        <Table
          label="Levels"
          columns={LEVELS}
          rows={numbered(verdict.levels)}
          rowKey={(level) => String(level.place_in_list)}
          initial={{ by: "order", descending: false }}
          empty="No level."
        />
      )}
    </section>
  );
}

type Numbered<T> = T & { place_in_list: number };

/** Rows that know their order, which is that of the run. */
function numbered<T>(rows: readonly T[]): Numbered<T>[] {
  return rows.map((row, index) => ({ ...row, place_in_list: index }));
}

/** The verdict in a word, for a heading. */
export function verdictWord(verdict: Found): string {
  if (!verdict.is_asked) return "Levels";
  return verdict.passed ? "Verdict: passed" : "Verdict: failed";
}

function result(passed: boolean, isAsked = true): string {
  if (!isAsked) return NOTHING;
  return passed ? "pass" : "FAIL";
}

/** A share by which something changed. */
function change(share: number | null): string {
  if (share === null) return NOTHING;
  return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
}

const THRESHOLDS: readonly Column<Numbered<Outcome>>[] = [
  { key: "order", title: "Threshold", width: 320, value: (found) => found.place_in_list, show: (found) => found.text },
  { key: "passed", title: "Result", width: 90, value: (found) => result(found.passed) },
  { key: "shown", title: "Measured", width: 180, value: (found) => found.shown },
  { key: "place", title: "Where", width: 240, value: (found) => found.place || "the run" },
];

/** A column of milliseconds. */
function times(key: string, title: string, value: (level: Level) => number | null): Column<Numbered<Level>> {
  return { key, title, unit: "ms", width: 90, numeric: true, value, show: (level) => figure(value(level)) };
}

const LEVELS: readonly Column<Numbered<Level>>[] = [
  { key: "order", title: "Level", width: 220, value: (level) => level.place_in_list, show: (level) => level.title },
  { key: "passed", title: "Result", width: 90, value: (level) => result(level.passed, level.is_asked) },
  { key: "users", title: "Users", width: 80, numeric: true, value: (level) => level.users, show: (level) => count(level.users) },
  { key: "seconds", title: "Time", width: 100, numeric: true, value: (level) => level.seconds, show: (level) => duration(level.seconds) },
  { key: "requests", title: "Requests", width: 110, numeric: true, value: (level) => level.requests, show: (level) => count(level.requests) },
  { key: "failed", title: "Failed", width: 100, numeric: true, value: (level) => level.fail_ratio, show: (level) => percent(level.fail_ratio) },
  { key: "rps", title: "Rate", unit: "/s", width: 90, numeric: true, value: (level) => level.rps, show: (level) => rate(level.rps) },
  times("avg", "Average", (level) => level.avg_ms),
  times("p50", "50 %", (level) => level.p50_ms),
  times("p95", "95 %", (level) => level.p95_ms),
  times("p99", "99 %", (level) => level.p99_ms),
  {
    key: "degradation",
    title: "Degradation",
    width: 130,
    numeric: true,
    value: (level) => level.degradation,
    show: (level) => change(level.degradation),
  },
];
