// Why requests failed: causes and endpoints, the largest group first.

import { useMemo } from "react";
import type { FailureGroup } from "../api/types.ts";
import { counts, request, shares } from "../parts/columns.ts";
import { type Column, Table } from "../parts/Table.tsx";
import { SampleLink, type SampleOf, useSample } from "./SampleDetail.tsx";

export function Triage({ groups, sampleOf }: { groups: readonly FailureGroup[]; sampleOf: SampleOf }) {
  const [onOpen, detail] = useSample(sampleOf);
  const columns = useMemo(() => columnsOf(onOpen), [onOpen]);
  return (
    <section aria-label="Why requests failed">
      <Table
        label="Why requests failed"
        columns={columns}
        rows={groups}
        rowKey={(row) => `${row.cause} ${row.method} ${row.name}`}
        initial={{ by: "failures", descending: true }}
        empty="No request has failed."
      />
      {detail}
    </section>
  );
}

function columnsOf(onOpen: (id: string) => void): Column<FailureGroup>[] {
  return [
    { key: "cause", title: "Cause", width: 120, value: (row) => row.cause },
    counts("failures", "Times", (row) => row.failures, 90),
    shares("share", "Share", (row) => row.share),
    ...request<FailureGroup>(),
    {
      key: "example",
      title: "Example",
      width: 340,
      value: (row) => row.example,
      show: (row) => <SampleLink text={row.example} id={row.samples[0] ?? null} onOpen={onOpen} />,
    },
  ];
}
