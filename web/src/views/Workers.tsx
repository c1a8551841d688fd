// The nodes that send.

import type { Worker } from "../api/types.ts";
import { bytes, count, rate } from "../model/units.ts";
import { type Column, Table } from "../parts/Table.tsx";

const COLUMNS: Column<Worker>[] = [
  { key: "id", title: "Worker", width: 320, value: (row) => row.id },
  { key: "state", title: "State", width: 110, value: (row) => row.state },
  {
    key: "users",
    title: "Users",
    width: 90,
    numeric: true,
    value: (row) => row.user_count,
    show: (row) => count(row.user_count),
  },
  {
    key: "cpu",
    title: "CPU",
    width: 90,
    numeric: true,
    value: (row) => row.cpu_usage,
    show: (row) => `${rate(row.cpu_usage)} %`,
  },
  {
    key: "memory",
    title: "Memory",
    width: 110,
    numeric: true,
    value: (row) => row.memory_usage,
    show: (row) => bytes(row.memory_usage),
  },
];

export function Workers({ workers }: { workers: readonly Worker[] }) {
  return (
    <section aria-label="Workers">
      <Table
        label="Workers"
        columns={COLUMNS}
        rows={workers}
        rowKey={(row) => row.id}
        initial={{ by: "id", descending: false }}
        empty="No worker is connected."
      />
    </section>
  );
}
