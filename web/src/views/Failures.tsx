// What went wrong, and one exchange of each kind to look at.

import { useMemo, useState } from "react";
import type { Failure } from "../api/types.ts";
import { matching } from "../model/table.ts";
import { counts, moments, request } from "../parts/columns.ts";
import { Filter } from "../parts/Filter.tsx";
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
  const rows = useMemo(() => matching(failures, filter, lineOf), [failures, filter]);
  const columns = useMemo(() => columnsOf(onOpen), [onOpen]);

  return (
    <section aria-label="Failures">
      <div className="bar">
        <Filter label="Filter by name or error" text={filter} onText={setFilter} />
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

function lineOf({ method, name, error }: Failure): string {
  return `${method} ${name} ${error}`;
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
