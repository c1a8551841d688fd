// Why requests failed: causes and endpoints, the largest group first.

import { useMemo, useState } from "react";
import type { FailureGroup, Sample } from "../api/types.ts";
import { count, percent } from "../model/units.ts";
import { type Column, Table } from "../parts/Table.tsx";
import { SampleDetail } from "./SampleDetail.tsx";

export function Triage(props: { groups: readonly FailureGroup[]; sampleOf: (id: string) => Promise<Sample> }) {
  const { groups, sampleOf } = props;
  const [open, setOpen] = useState<string | null>(null);
  const columns = useMemo(() => columnsOf(setOpen), []);
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
      {open !== null && <SampleDetail id={open} sampleOf={sampleOf} onClose={() => setOpen(null)} />}
    </section>
  );
}

function columnsOf(onOpen: (id: string) => void): Column<FailureGroup>[] {
  return [
    { key: "cause", title: "Cause", width: 120, value: (row) => row.cause },
    {
      key: "failures",
      title: "Times",
      width: 90,
      numeric: true,
      value: (row) => row.failures,
      show: (row) => count(row.failures),
    },
    {
      key: "share",
      title: "Share",
      width: 90,
      numeric: true,
      value: (row) => row.share,
      show: (row) => percent(row.share),
    },
    { key: "method", title: "Method", width: 96, value: (row) => row.method },
    { key: "name", title: "Name", width: 240, value: (row) => row.name },
    {
      key: "example",
      title: "Example",
      width: 340,
      value: (row) => row.example,
      show: (row) => {
        const sample = row.samples[0];
        return sample === undefined ? (
          <span title={row.example}>{row.example}</span>
        ) : (
          <button type="button" className="link" title={row.example} onClick={() => onOpen(sample)}>
            {row.example}
          </button>
        );
      },
    },
  ];
}
