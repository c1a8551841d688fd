// The statistics of every name.

import { useMemo, useState } from "react";
import { type Entry, PHASES } from "../api/types.ts";
import { statusText } from "../model/summary.ts";
import { grouped, matching, type Row } from "../model/table.ts";
import { bytes, count, figure, percent, percentileName, rate } from "../model/units.ts";
import { type Column, Table } from "../parts/Table.tsx";
import { EntryDetail } from "./EntryDetail.tsx";

const PHASE_TITLES: Record<string, string> = {
  dns: "DNS",
  connect: "Connect",
  tls: "TLS",
  sent: "Sent",
  waiting: "Waiting",
  receiving: "Receiving",
};
const DEPTHS = [0, 1, 2, 3];

export interface Shown {
  percentiles: string[];
  status: boolean;
  phases: boolean;
}

export function Statistics(props: {
  entries: readonly Entry[];
  total: Entry | null;
  percentiles: readonly number[];
  /** Whether the server can be asked for an entry's histogram. */
  isLive: boolean;
}) {
  const { entries, total, isLive } = props;
  const [filter, setFilter] = useState("");
  const [depth, setDepth] = useState(0);
  const [open, setOpen] = useState<{ method: string; name: string } | null>(null);
  const [shown, setShown] = useState<Shown>(() => ({
    percentiles: ["0.5", ...(props.percentiles.length > 0 ? props.percentiles : [0.95, 0.99]).map(String)],
    status: false,
    phases: false,
  }));
  const rows = useMemo(() => grouped(matching(entries, filter), depth), [entries, filter, depth]);
  const columns = useMemo(() => columnsOf(shown, setOpen), [shown]);
  const available = Object.keys(total?.percentiles ?? {}).sort((a, b) => Number(a) - Number(b));
  const detail = open === null ? undefined : [...entries, ...(total ? [total] : [])].find((entry) => isSame(entry, open));

  return (
    <section aria-label="Statistics">
      <div className="bar">
        <input
          type="search"
          className="filter"
          placeholder="Filter by name or method"
          aria-label="Filter by name or method"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <label className="inline">
          Group{" "}
          <select value={depth} onChange={(event) => setDepth(Number(event.target.value))}>
            {DEPTHS.map((parts) => (
              <option key={parts} value={parts}>
                {parts === 0 ? "by name" : `by ${parts} ${parts === 1 ? "part" : "parts"} of the name`}
              </option>
            ))}
          </select>
        </label>
        <Choice shown={shown} available={available} onShown={setShown} />
        <span className="hint" role="status">
          {rows.length === entries.length ? count(rows.length) : `${count(rows.length)} of ${count(entries.length)}`} rows
        </span>
      </div>
      <Table
        label="Statistics by name"
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.method} ${row.name}`}
        total={total === null ? null : { ...total, name: "Aggregated", members: 0 }}
        initial={{ by: "name", descending: false }}
        empty={entries.length === 0 ? "No request has been made yet." : "Nothing matches this filter."}
      />
      {detail !== undefined && <EntryDetail entry={detail} isLive={isLive} onClose={() => setOpen(null)} />}
    </section>
  );
}

function isSame(entry: Entry, other: { method: string; name: string }): boolean {
  return entry.method === other.method && entry.name === other.name;
}

function Choice(props: { shown: Shown; available: string[]; onShown: (shown: Shown) => void }) {
  const { shown, available, onShown } = props;
  function toggle(key: string): void {
    const has = shown.percentiles.includes(key);
    onShown({
      ...shown,
      percentiles: available.filter((other) => (other === key ? !has : shown.percentiles.includes(other))),
    });
  }
  return (
    <details className="menu">
      <summary>Columns</summary>
      <div className="menu-place">
        <fieldset>
          <legend>Percentiles</legend>
          {available.map((key) => (
            <label key={key}>
              <input type="checkbox" checked={shown.percentiles.includes(key)} onChange={() => toggle(key)} />
              {percentileName(key)}
            </label>
          ))}
        </fieldset>
        <fieldset>
          <legend>More</legend>
          <label>
            <input
              type="checkbox"
              checked={shown.status}
              onChange={() => onShown({ ...shown, status: !shown.status })}
            />
            Status codes
          </label>
          <label>
            <input
              type="checkbox"
              checked={shown.phases}
              onChange={() => onShown({ ...shown, phases: !shown.phases })}
            />
            Phases, average
          </label>
        </fieldset>
      </div>
    </details>
  );
}

function columnsOf(shown: Shown, onOpen: (entry: Row) => void): Column<Row>[] {
  const number = (key: string, title: string, value: Column<Row>["value"], show: Column<Row>["show"], width = 88) => ({
    key,
    title,
    value,
    ...(show === undefined ? {} : { show }),
    width,
    numeric: true,
  });
  const ms = (key: string, title: string, value: (row: Row) => number | null, width = 92) => ({
    ...number(key, title, value, (row) => figure(value(row)), width),
    unit: "ms",
  });
  return [
    { key: "name", title: "Name", width: 240, value: (row) => row.name, show: (row) => <Name row={row} onOpen={onOpen} /> },
    { key: "method", title: "Method", width: 96, value: (row) => row.method },
    number("requests", "Requests", (row) => row.requests, (row) => count(row.requests), 104),
    number("failures", "Failures", (row) => row.failures, (row) => <Failures row={row} />, 128),
    number("rps", "Rate", (row) => row.rps, (row) => `${rate(row.rps)}/s`, 92),
    ms("avg", "Average", (row) => row.avg_ms, 112),
    ms("min", "Min", (row) => row.min_ms),
    ...shown.percentiles.map((key) => ms(`p${key}`, percentileName(key), (row) => row.percentiles[key] ?? null)),
    ...(shown.percentiles.includes("1") ? [] : [ms("max", "Max", (row) => row.max_ms)]),
    number("bytes", "Size", (row) => row.avg_bytes, (row) => bytes(row.avg_bytes)),
    ...(shown.status ? [{ key: "status", title: "Status", width: 180, value: statusText }] : []),
    ...(shown.phases
      ? PHASES.map((phase) => ms(phase, PHASE_TITLES[phase] as string, (row) => row.phases[phase]?.avg_ms ?? null, 116))
      : []),
  ];
}

function Name({ row, onOpen }: { row: Row; onOpen: (row: Row) => void }) {
  if (row.members > 1) {
    return (
      <span title={row.name}>
        {row.name} <small className="muted">{count(row.members)} names</small>
      </span>
    );
  }
  if (row.members === 0) return <b>{row.name}</b>;
  return (
    <button type="button" className="link" title={row.name} onClick={() => onOpen(row)}>
      {row.name}
    </button>
  );
}

function Failures({ row }: { row: Row }) {
  if (row.failures === 0) return <span className="muted">0</span>;
  return (
    <span className="bad">
      {count(row.failures)} <small>{percent(row.failures / row.requests)}</small>
    </span>
  );
}
