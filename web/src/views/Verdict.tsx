// Did the run meet what was asked of it, or does it so far? Thresholds with what was measured, and levels side by side.

import type { Finding, Level, Outcome, RuleOutcome, Verdict as Found } from "../api/types.ts";
import { count, NOTHING, percent } from "../model/units.ts";
import { counts, durations, numbers, rates, shares, times } from "../parts/columns.ts";
import { type Column, Table } from "../parts/Table.tsx";

export function Verdict({ verdict }: { verdict: Found }) {
  const isLive = verdict.is_over === false; // what was kept by earlier versions does not say
  return (
    <section aria-label="Verdict">
      {isLive && verdict.is_asked && <p className={verdict.passed ? "muted" : "bad"}>{standing(verdict)}</p>}
      {verdict.aborted !== null && <p>The run was ended early: {verdict.aborted}</p>}
      {brokenFindings(verdict).map(({ name, said }) => (
        <p key={name} className="bad">
          {name}: {said}
        </p>
      ))}
      {verdict.thresholds.length > 0 && (
        <Table
          label="Thresholds"
          columns={isLive ? THRESHOLDS_NOW : THRESHOLDS}
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

/** Is there anything to tell? */
export function hasVerdict(verdict: Found | null | undefined): verdict is Found {
  return verdict != null && (verdict.is_asked || verdict.levels.length > 0 || brokenFindings(verdict).length > 0);
}

/** What else failed the run: rules, exceptions of tasks, the baseline. Runs that were kept earlier have none. */
function brokenFindings(verdict: Found): Finding[] {
  return (verdict.findings ?? []).filter(({ passed }) => !passed);
}

/** How much of what was asked is broken. */
export function brokenIn(verdict: Found | null, rules: readonly RuleOutcome[] = []): number {
  const thresholds = verdict?.thresholds.filter(({ passed }) => !passed).length ?? 0;
  const levels = verdict?.levels.filter(({ passed, broken }) => !passed && broken.length === 0).length ?? 0;
  return thresholds + levels + rules.filter(({ broken }) => broken).length;
}

function standing(verdict: Found): string {
  const broken = brokenIn(verdict);
  if (broken > 0) return `So far ${count(broken)} of what was asked ${broken === 1 ? "is" : "are"} broken.`;
  return "So far nothing that was asked is broken.";
}

type Numbered<T> = T & { place_in_list: number };

/** Rows that know their order, which is that of the run. */
function numbered<T>(rows: readonly T[]): Numbered<T>[] {
  return rows.map((row, index) => ({ ...row, place_in_list: index }));
}

/** The verdict in a word, for a heading. */
export function verdictWord(verdict: Found): string {
  if (!verdict.is_asked && verdict.passed) return "Levels";
  return verdict.passed ? "Verdict: passed" : "Verdict: failed";
}

const STATES = { waiting: "waits", met: "pass", broken: "FAIL" } as const;

function stateOf(found: Outcome): string {
  return STATES[found.state] ?? (found.passed ? "pass" : "FAIL");
}

function resultOf(level: Level): string {
  if (level.state === "coming") return level.passed ? "comes" : "FAIL";
  const running = level.state === "running" ? "runs" : NOTHING;
  if (!level.is_asked) return running;
  return level.passed ? (level.state === "running" ? "runs" : "pass") : "FAIL";
}

function Result({ word }: { word: string }) {
  return <span className={word === "FAIL" ? "bad" : word === "pass" ? "good" : "muted"}>{word}</span>;
}

/** A share by which something changed. */
export function change(share: number | null): string {
  if (share === null) return NOTHING;
  return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
}

/** A level that comes has no numbers yet. */
function known(value: (level: Level) => number | null): (level: Level) => number | null {
  return (level) => (level.state === "coming" ? null : value(level));
}

const TEXT: Column<Numbered<Outcome>> = {
  key: "order",
  title: "Threshold",
  width: 320,
  value: (found) => found.place_in_list,
  show: (found) => found.text,
};
const RESULT: Column<Numbered<Outcome>> = {
  key: "passed",
  title: "Result",
  width: 90,
  value: stateOf,
  show: (found) => <Result word={stateOf(found)} />,
};
const PLACE: Column<Numbered<Outcome>> = { key: "place", title: "Where", width: 240, value: (found) => found.place || "the run" };

const THRESHOLDS: readonly Column<Numbered<Outcome>>[] = [
  TEXT,
  RESULT,
  { key: "shown", title: "Measured", width: 180, value: (found) => found.shown },
  PLACE,
];

const THRESHOLDS_NOW: readonly Column<Numbered<Outcome>>[] = [
  TEXT,
  RESULT,
  { key: "now", title: "Now", width: 130, numeric: true, value: (found) => found.now, show: (found) => found.now_shown ?? NOTHING },
  { key: "limit", title: "Limit", width: 130, numeric: true, value: (found) => found.limit, show: (found) => found.limit_shown },
  { key: "shown", title: "Worst", width: 180, value: (found) => (found.value === null ? NOTHING : found.shown) },
  PLACE,
];

const LEVELS: readonly Column<Numbered<Level>>[] = [
  { key: "order", title: "Level", width: 220, value: (level) => level.place_in_list, show: (level) => level.title },
  { key: "passed", title: "Result", width: 90, value: resultOf, show: (level) => <Result word={resultOf(level)} /> },
  counts("users", "Users", (level) => level.users, 80),
  durations("seconds", "Time", (level) => level.seconds, 100),
  counts("requests", "Requests", known((level) => level.requests), 110),
  shares("failed", "Failed", known((level) => level.fail_ratio), 100),
  rates("rps", "Rate", known((level) => level.rps)),
  times("avg", "Average", (level) => level.avg_ms),
  times("p50", "50 %", (level) => level.p50_ms),
  times("p95", "95 %", (level) => level.p95_ms),
  times("p99", "99 %", (level) => level.p99_ms),
  numbers("degradation", "Degradation", (level) => level.degradation, change, 130),
];
