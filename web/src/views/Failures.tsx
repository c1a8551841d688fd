// What went wrong, and one exchange of each kind to look at.

import { useMemo, useState } from "react";
import type { Failure, Sample } from "../api/types.ts";
import { matching } from "../model/table.ts";
import { count, moment } from "../model/units.ts";
import { type Column, Table } from "../parts/Table.tsx";
import { SampleDetail } from "./SampleDetail.tsx";

export function Failures(props: {
  failures: readonly Failure[];
  /** Where a sample comes from: the server, or the report itself. */
  sampleOf: (id: string) => Promise<Sample>;
}) {
  const { failures, sampleOf } = props;
  const [filter, setFilter] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const rows = useMemo(() => {
    const byError = failures.map((failure) => ({ ...failure, name: `${failure.name} ${failure.error}` }));
    const kept = new Set(matching(byError, filter));
    return failures.filter((_failure, index) => kept.has(byError[index] as Failure));
  }, [failures, filter]);
  const columns = useMemo(() => columnsOf(setOpen), []);

  return (
    <section aria-label="Failures">
      <div className="bar">
        <input
          type="search"
          className="filter"
          placeholder="Filter by name or error"
          aria-label="Filter by name or error"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      </div>
      <Table
        label="Failures"
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.method} ${row.name} ${row.error}`}
        initial={{ by: "occurrences", descending: true }}
        empty={failures.length === 0 ? "No request has failed." : "Nothing matches this filter."}
      />
      {open !== null && <SampleDetail id={open} sampleOf={sampleOf} onClose={() => setOpen(null)} />}
    </section>
  );
}

function columnsOf(onOpen: (id: string) => void): Column<Failure>[] {
  return [
    {
      key: "error",
      title: "Error",
      width: 340,
      value: (row) => row.error,
      show: (row) =>
        row.sample === null ? (
          <span title={row.error}>{row.error}</span>
        ) : (
          <button type="button" className="link" title={row.error} onClick={() => onOpen(row.sample as string)}>
            {row.error}
          </button>
        ),
    },
    {
      key: "occurrences",
      title: "Times",
      width: 90,
      numeric: true,
      value: (row) => row.occurrences,
      show: (row) => count(row.occurrences),
    },
    { key: "method", title: "Method", width: 96, value: (row) => row.method },
    { key: "name", title: "Name", width: 240, value: (row) => row.name },
    seen("first", "First seen", (row) => row.first_seen_at),
    seen("last", "Last seen", (row) => row.last_seen_at),
  ];
}

function seen(key: string, title: string, value: (row: Failure) => number | null): Column<Failure> {
  return { key, title, width: 212, value, show: (row) => moment(value(row)) };
}
