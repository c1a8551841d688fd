// The statistics of every name.

import { type ReactNode, useMemo, useState } from "react";
import { type Entry, PHASES } from "../api/types.ts";
import {
  asText,
  type ColumnKey,
  COLUMNS,
  firstColumns,
  fromText,
  type Shown,
  toggled,
  toggledPercentile,
} from "../model/columns.ts";
import { statusText } from "../model/summary.ts";
import { grouped, matching, methodAndName, type Row } from "../model/table.ts";
import { bytes, count, percent, percentileName, rate } from "../model/units.ts";
import { counts, numbers, times } from "../parts/columns.ts";
import { Filter } from "../parts/Filter.tsx";
import { recall, remember } from "../parts/memory.ts";
import { Menu } from "../parts/Menu.tsx";
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
const CHOICE = "columns";

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
  const [chosen, setChosen] = useState<Shown | null>(() => fromText(recall(CHOICE)));
  const first = useMemo(() => firstColumns(props.percentiles), [props.percentiles]);
  const shown = chosen ?? first;
  const choose = (wanted: Shown | null) => {
    setChosen(wanted);
    remember(CHOICE, wanted === null ? "" : asText(wanted));
  };
  const rows = useMemo(() => grouped(matching(entries, filter, methodAndName), depth), [entries, filter, depth]);
  const columns = useMemo(() => columnsOf(shown, setOpen), [shown]);
  const available = Object.keys(total?.percentiles ?? {}).sort((a, b) => Number(a) - Number(b));
  const detail = open === null ? undefined : [...entries, ...(total ? [total] : [])].find((entry) => isSame(entry, open));

  return (
    <section aria-label="Statistics">
      <div className="bar">
        <Filter label="Filter by name or method" text={filter} onText={setFilter} />
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
        <Choice shown={shown} available={available} onShown={choose} />
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

function Choice(props: { shown: Shown; available: string[]; onShown: (shown: Shown | null) => void }) {
  const { shown, available, onShown } = props;
  return (
    <Menu title="Columns">
      <fieldset>
        <legend>Numbers</legend>
        {(Object.keys(COLUMNS) as ColumnKey[]).map((key) => (
          <label key={key}>
            <input type="checkbox" checked={shown.columns.includes(key)} onChange={() => onShown(toggled(shown, key))} />
            {COLUMNS[key]}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Percentiles</legend>
        {available.map((key) => (
          <label key={key}>
            <input
              type="checkbox"
              checked={shown.percentiles.includes(key)}
              onChange={() => onShown(toggledPercentile(shown, key, available))}
            />
            {percentileName(key)}
          </label>
        ))}
        <button type="button" onClick={() => onShown(null)}>
          Default columns
        </button>
      </fieldset>
    </Menu>
  );
}

function columnsOf(shown: Shown, onOpen: (entry: Row) => void): Column<Row>[] {
  const ms = (key: string, title: string, value: (row: Row) => number | null, width = 78) => times(key, title, value, width);
  const choices: Record<ColumnKey, Column<Row>[]> = {
    method: [{ key: "method", title: "Method", width: 80, value: (row) => row.method }],
    requests: [counts("requests", "Requests", (row) => row.requests, 88)],
    failures: [{ key: "failures", title: "Failures", width: 140, numeric: true, value: (row) => row.failures, show: (row) => <Failures row={row} /> }],
    rps: [numbers("rps", "Rate", (row) => row.rps, (value) => `${rate(value)}/s`, 86)],
    fail_per_s: [numbers("fail_per_s", "Failing", (row) => row.fail_per_s, failing, 82)],
    avg: [ms("avg", "Average", (row) => row.avg_ms, 104)],
    min: [ms("min", "Min", (row) => row.min_ms)],
    // The percentile of all is the same number.
    max: shown.percentiles.includes("1") ? [] : [ms("max", "Max", (row) => row.max_ms)],
    bytes: [numbers("bytes", "Size", (row) => row.avg_bytes, bytes, 82)],
    status: [{ key: "status", title: "Status", width: 180, value: statusText }],
    phases: PHASES.map((phase) => ms(phase, PHASE_TITLES[phase] as string, (row) => row.phases[phase]?.avg_ms ?? null, 112)),
  };
  const percentiles = shown.percentiles.map((key) => ms(`p${key}`, percentileName(key), (row) => row.percentiles[key] ?? null));
  const columns = (keys: ColumnKey[]) => keys.filter((key) => shown.columns.includes(key)).flatMap((key) => choices[key]);
  return [
    { key: "name", title: "Name", width: 180, value: (row) => row.name, show: (row) => <Name row={row} onOpen={onOpen} /> },
    ...columns(["method", "requests", "failures", "rps", "fail_per_s", "avg", "min"]),
    ...percentiles,
    ...columns(["max", "bytes", "status", "phases"]),
  ];
}

function Name({ row, onOpen }: { row: Row; onOpen: (row: Row) => void }) {
  if (row.members === 0) return <b>{row.name}</b>;
  if (row.members !== undefined) {
    return (
      <span title={row.name}>
        {row.name} <small className="muted">{count(row.members)} names</small>
      </span>
    );
  }
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

function failing(perSecond: number | null): ReactNode {
  if (perSecond === null || perSecond === 0) return <span className="muted">0/s</span>;
  return <span className="bad">{rate(perSecond)}/s</span>;
}
