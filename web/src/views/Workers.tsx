// The nodes that send.

import type { Worker } from "../api/types.ts";
import { bytes, rate } from "../model/units.ts";
import { counts, numbers } from "../parts/columns.ts";
import { type Column, Table } from "../parts/Table.tsx";

const COLUMNS: Column<Worker>[] = [
  { key: "id", title: "Worker", width: 320, value: (row) => row.id },
  { key: "state", title: "State", width: 110, value: (row) => row.state },
  counts("users", "Users", (row) => row.user_count, 90),
  numbers("cpu", "CPU", (row) => row.cpu_usage, (usage) => `${rate(usage)} %`),
  numbers("memory", "Memory", (row) => row.memory_usage, bytes, 110),
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
