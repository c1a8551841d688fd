// Is a run slower than its baseline? Each level and name on both sides, and their distributions over each other.

import { useMemo, useState } from "react";
import type { Change, Compared, ComparedRow, Judgement } from "../api/stored.ts";
import type { Figures } from "../api/types.ts";
import { Overlay } from "../charts/Overlay.tsx";
import { matching, methodAndName } from "../model/table.ts";
import { count, NOTHING } from "../model/units.ts";
import { counts, numbers, rates, shares, times } from "../parts/columns.ts";
import { Filter } from "../parts/Filter.tsx";
import { type Column, Table } from "../parts/Table.tsx";
import { change as changed } from "./Verdict.tsx";

export function Comparison({ comparison }: { comparison: Compared }) {
  const rows = useMemo(() => comparison.rows.map((row, order) => ({ ...row, order })), [comparison]);
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState(() => worstOf(rows));
  const columns = useMemo(() => columnsOf(rows, setChosen), [rows]);
  const open = rows[chosen];
  return (
    <section aria-label="Comparison">
      <p className={isRegression(comparison) ? "bad" : "muted"}>{inWords(comparison)}</p>
      {comparison.notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
      {open?.times !== undefined && (
        <Overlay
          title={nameOf(open)}
          curves={[
            { label: comparison.before, times: open.times[0] },
            { label: comparison.after, times: open.times[1] },
          ]}
        />
      )}
      <div className="bar compared">
        <Filter label="Filter by name or method" text={filter} onText={setFilter} />
      </div>
      <Table
        label="Levels and names"
        columns={columns}
        rows={matching(rows, filter, methodAndName)}
        rowKey={(row) => String(row.order)}
        initial={{ by: "outcome", descending: false }}
        empty={rows.length === 0 ? "They have no level in common." : "Nothing matches this filter."}
      />
    </section>
  );
}

type Row = ComparedRow & { order: number };

const ORDER: readonly Judgement[] = ["worse", "undecided", "better", "same"];
const SIDES = { before: "Before", after: "Now" } as const;

export function isRegression({ rows }: Compared): boolean {
  return rows.some(({ outcome }) => outcome === "worse");
}

function worstOf(rows: readonly Row[]): number {
  const byOrder = [...rows].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  return byOrder.find(({ times }) => times?.every(({ length }) => length > 0))?.order ?? 0;
}

function nameOf({ level, method, name }: ComparedRow): string {
  return [level, `${method} ${name}`.trim()].filter(Boolean).join(", ");
}

/** The result in one sentence. */
export function inWords({ rows, before, after }: Compared): string {
  const worse = rows.filter(({ outcome }) => outcome === "worse");
  if (worse.length > 0) {
    const names = worse.slice(0, 3).map(nameOf).join("; ");
    const more = worse.length > 3 ? ` and ${count(worse.length - 3)} more` : "";
    return `${after} is worse than ${before} by more than noise and what is allowed: ${names}${more}.`;
  }
  if (rows.every(({ outcome }) => outcome === "undecided")) {
    return `Nobody can tell whether ${after} is worse than ${before}: there is too little data, or no level in common.`;
  }
  const undecided = rows.filter(({ outcome }) => outcome === "undecided").length;
  const rest = undecided > 0 ? ` Of ${count(undecided)} of ${count(rows.length)} there is too little data to tell.` : "";
  return `${after} is not worse than ${before} by more than noise and what is allowed.${rest}`;
}

function figuresOf(row: Row, metric: Change["metric"]): Change | undefined {
  return row.changes.find((one) => one.metric === metric);
}

function interval(found: Change | undefined): string {
  if (found === undefined || found.low === null || found.high === null) return NOTHING;
  return `${changed(found.low)} to ${changed(found.high)}`;
}

function Outcome({ outcome }: { outcome: Judgement }) {
  return <span className={outcome === "worse" ? "bad" : outcome === "better" ? "good" : "muted"}>{outcome}</span>;
}

function columnsOf(rows: readonly Row[], onOpen: (order: number) => void): Column<Row>[] {
  const pair = (kind: typeof counts<Row>, title: string, value: (figures: Figures) => number | null, width = 124) =>
    (["before", "after"] as const).map((side) =>
      kind(`${side} ${title}`, `${SIDES[side]} ${title}`, (row) => (row[side] === null ? null : value(row[side])), width),
    );
  const by = (metric: Change["metric"], title: string) =>
    numbers<Row>(metric, title, (row) => figuresOf(row, metric)?.change ?? null, changed, 110);
  const level: Column<Row>[] = rows.some((row) => row.level !== "")
    ? [{ key: "level", title: "Level", width: 150, value: (row) => row.level }]
    : [];
  return [
    { key: "name", title: "Name", width: 240, value: (row) => row.name, show: (row) => <Open row={row} onOpen={onOpen} /> },
    { key: "outcome", title: "Result", width: 100, value: (row) => ORDER.indexOf(row.outcome), show: (row) => <Outcome outcome={row.outcome} /> },
    ...level,
    { key: "method", title: "Method", width: 90, value: (row) => row.method },
    ...pair(times, "p95", (figures) => figures.p95_ms),
    by("p95", "p95 by"),
    { key: "interval", title: "99 % interval", width: 190, value: (row) => figuresOf(row, "p95")?.low ?? null, show: (row) => interval(figuresOf(row, "p95")) },
    shares("allowed", "Allowed", (row) => figuresOf(row, "p95")?.allowed ?? null),
    ...pair(times, "p50", (figures) => figures.p50_ms),
    by("p50", "p50 by"),
    ...pair(times, "p99", (figures) => figures.p99_ms),
    ...pair(shares, "failed", (figures) => figures.fail_ratio),
    ...pair(rates, "rate", (figures) => figures.rps),
    ...pair(counts, "requests", (figures) => figures.requests, 140),
  ];
}

function Open({ row, onOpen }: { row: Row; onOpen: (order: number) => void }) {
  if (row.times === undefined) return <span title={row.name}>{row.name}</span>;
  return (
    <button type="button" className="link" title={`show the distributions of ${nameOf(row)}`} onClick={() => onOpen(row.order)}>
      {row.name}
    </button>
  );
}
