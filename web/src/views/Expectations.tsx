// What the rules made of the run: nothing becomes a success in silence.

import type { Reclassified, RuleOutcome } from "../api/types.ts";
import { count, percent } from "../model/units.ts";
import { counts, moments, request, shares } from "../parts/columns.ts";
import { type Column, Table } from "../parts/Table.tsx";

export function Expectations(props: { rules: readonly RuleOutcome[]; reclassified: readonly Reclassified[] }) {
  const { rules } = props;
  const reclassified = props.reclassified.filter((row) => row.verdict !== "kept");
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
        columns={RULES}
        rows={rules}
        rowKey={(row) => row.rule}
        initial={{ by: "requests", descending: true }}
        empty="There are no rules."
      />
      {reclassified.length > 0 && (
        <Table
          label="What was reclassified"
          columns={RECLASSIFIED}
          rows={reclassified}
          rowKey={(row) => [row.rule, row.method, row.name, row.from].join(" ")}
          initial={{ by: "occurrences", descending: true }}
          empty=""
        />
      )}
    </section>
  );
}

const RULES: readonly Column<RuleOutcome>[] = [
  { key: "rule", title: "Rule", width: 340, value: (row) => row.rule },
  { key: "verdict", title: "As", width: 110, value: (row) => row.verdict },
  counts("requests", "Reclassified", (row) => row.requests, 120),
  counts("kept", "Failures kept", (row) => row.kept ?? 0, 120),
  shares("share", "Share", (row) => row.share),
  shares("limit", "Limit", (row) => row.limit),
];

const RECLASSIFIED: readonly Column<Reclassified>[] = [
  { key: "from", title: "From", width: 340, value: (row) => row.from },
  { key: "verdict", title: "To", width: 110, value: (row) => row.verdict },
  counts("occurrences", "Times", (row) => row.occurrences),
  ...request<Reclassified>(),
  { key: "rule", title: "By the rule", width: 260, value: (row) => row.rule },
  moments("last", "Last seen", (row) => row.last_seen_at),
];
