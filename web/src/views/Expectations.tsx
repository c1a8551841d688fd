// What the rules made of the run: nothing becomes a success in silence.

import type { RuleOutcome } from "../api/types.ts";
import { count, percent } from "../model/units.ts";
import { type Column, Table } from "../parts/Table.tsx";

export function Expectations({ rules }: { rules: readonly RuleOutcome[] }) {
  const broken = rules.filter((rule) => rule.broken);
  return (
    <section aria-label="Expectations">
      {broken.map((rule) => (
        <p key={rule.rule} className="bad">
          Broken: {rule.rule}: {count(rule.requests)} of {count(rule.covered)} requests ({percent(rule.share)}), so these
          count as failures.
        </p>
      ))}
      <Table
        label="Expectations"
        columns={COLUMNS}
        rows={rules}
        rowKey={(row) => row.rule}
        initial={{ by: "requests", descending: true }}
        empty="There are no rules."
      />
    </section>
  );
}

const COLUMNS: Column<RuleOutcome>[] = [
  { key: "rule", title: "Rule", width: 340, value: (row) => row.rule },
  { key: "verdict", title: "As", width: 110, value: (row) => row.verdict },
  {
    key: "requests",
    title: "Reclassified",
    width: 120,
    numeric: true,
    value: (row) => row.requests,
    show: (row) => count(row.requests),
  },
  {
    key: "share",
    title: "Share",
    width: 90,
    numeric: true,
    value: (row) => row.share,
    show: (row) => percent(row.share),
  },
  {
    key: "limit",
    title: "Limit",
    width: 90,
    numeric: true,
    value: (row) => row.limit,
    show: (row) => percent(row.limit),
  },
];
