// What went wrong, and one exchange of each kind to look at.

import { useMemo, useState } from "react";
import type { Failure } from "../api/types.ts";
import { matching } from "../model/table.ts";
import { counts, moments, request } from "../parts/columns.ts";
import { type Column, Table } from "../parts/Table.tsx";
import { SampleLink, type SampleOf, useSample } from "./SampleDetail.tsx";

export function Failures(props: {
  failures: readonly Failure[];
  /** Where a sample comes from: the server, or the report itself. */
  sampleOf: SampleOf;
}) {
  const { failures, sampleOf } = props;
  const [filter, setFilter] = useState("");
  const [onOpen, detail] = useSample(sampleOf);
  const rows = useMemo(() => {
    const byError = failures.map((failure) => ({ ...failure, name: `${failure.name} ${failure.error}` }));
    const kept = new Set(matching(byError, filter));
    return failures.filter((_failure, index) => kept.has(byError[index] as Failure));
  }, [failures, filter]);
  const columns = useMemo(() => columnsOf(onOpen), [onOpen]);

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
      {detail}
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
      show: (row) => <SampleLink text={row.error} id={row.sample} onOpen={onOpen} />,
    },
    counts("occurrences", "Times", (row) => row.occurrences, 90),
    ...request<Failure>(),
    moments("first", "First seen", (row) => row.first_seen_at),
    moments("last", "Last seen", (row) => row.last_seen_at),
  ];
}
