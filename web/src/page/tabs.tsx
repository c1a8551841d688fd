// Which tabs are there?

import { useEffect, useState } from "react";
import { type ExtendedTable, server } from "../api/client.ts";
import type { Additions } from "../api/types.ts";
import type { State } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import type { Tab } from "../parts/Tabs.tsx";
import { type Column, Table } from "../parts/Table.tsx";
import { useShown } from "../parts/theme.ts";
import { Charts } from "../views/Charts.tsx";
import { Downloads } from "../views/Downloads.tsx";
import { Exceptions } from "../views/Exceptions.tsx";
import { Expectations } from "../views/Expectations.tsx";
import { Failures } from "../views/Failures.tsx";
import { Logs } from "../views/Logs.tsx";
import { Statistics } from "../views/Statistics.tsx";
import { Triage } from "../views/Triage.tsx";
import { Users } from "../views/Users.tsx";
import { brokenIn, hasVerdict, Verdict } from "../views/Verdict.tsx";
import { Workers } from "../views/Workers.tsx";
import { usePolledTasks } from "./tasks.ts";

const NO_PERCENTILES: readonly number[] = [];

export function tabsOf(store: Store, state: State, additions: Additions): Tab[] {
  const { config, run } = state;
  return [
    {
      key: "charts",
      title: "Charts",
      view: () => (
        <Charts
          past={state.past}
          marks={state.marks}
          heat={state.heat}
          percentiles={config?.percentiles_to_chart ?? NO_PERCENTILES}
        />
      ),
    },
    {
      key: "statistics",
      title: "Statistics",
      view: () => (
        <Statistics
          entries={state.entries}
          total={state.total}
          percentiles={config?.percentiles_to_statistics ?? NO_PERCENTILES}
          isLive
        />
      ),
    },
    ...verdictTab(state),
    {
      key: "failures",
      title: "Failures",
      badge: state.failures.length,
      view: () => (
        <>
          {state.groups.length > 0 && <Triage groups={state.groups} sampleOf={server.sample} />}
          <Failures failures={state.failures} sampleOf={server.sample} />
        </>
      ),
    },
    {
      key: "exceptions",
      title: "Exceptions",
      badge: state.exceptions.length,
      view: () => <Exceptions exceptions={state.exceptions} />,
    },
    { key: "users", title: "Users", view: () => <LiveUsers store={store} state={state} /> },
    ...(run?.is_distributed
      ? [{ key: "workers", title: "Workers", badge: run.workers.length, view: () => <Workers workers={run.workers} /> }]
      : []),
    { key: "logs", title: "Logs", badge: state.alarms, badgeOf: "errors", view: () => <Logs logs={state.logs} /> },
    { key: "downloads", title: "Downloads", view: () => <LiveDownloads state={state} additions={additions} /> },
    ...extended(additions),
  ];
}

/** Only where something is asked of the run. */
function verdictTab({ verdict, expected }: State): Tab[] {
  const hasRules = expected.rules.length > 0;
  if (!hasVerdict(verdict) && !hasRules) return [];
  const view = () => (
    <>
      {hasVerdict(verdict) && <Verdict verdict={verdict} />}
      {hasRules && <Expectations {...expected} />}
    </>
  );
  return [{ key: "verdict", title: "Verdict", badge: brokenIn(verdict, expected.rules), badgeOf: "broken", view }];
}

function LiveUsers({ store, state }: { store: Store; state: State }) {
  usePolledTasks(store);
  return <Users run={state.run} tasks={state.tasks} />;
}

function LiveDownloads({ state, additions }: { state: State; additions: Additions }) {
  return <Downloads config={state.config} theme={useShown()} additions={additions} />;
}

/** Tabs and tables that a locustfile adds, as Locust's page shows them. */
function extended(additions: Additions): Tab[] {
  return (additions.extended_tabs ?? []).map(({ title, key }) => ({
    key: `x-${key}`,
    title,
    view: () => <Extended additions={additions} tab={key} />,
  }));
}

type Row = Record<string, string | number>;

function Extended({ additions, tab }: { additions: Additions; tab: string }) {
  const [tables, setTables] = useState<ExtendedTable[]>([]);
  useEffect(() => {
    const ask = () => server.extended().then((answer) => setTables(answer.extended_stats ?? []), () => undefined);
    void ask();
    const timer = setInterval(ask, 2_000);
    return () => clearInterval(timer);
  }, []);
  const rows = (tables.find(({ key }) => key === tab)?.data ?? []).map((row, index): Row => ({ ...row, "#": index }));
  const structure = (additions.extended_tables ?? []).find(({ key }) => key === tab)?.structure ?? [];
  const columns = structure.map(({ key, title }): Column<Row> => ({
    key,
    title,
    width: 180,
    value: (row) => row[key] ?? null,
    numeric: rows.length > 0 && rows.every((row) => typeof row[key] === "number"),
  }));
  return (
    <Table
      label={tab}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row["#"])}
      initial={{ by: structure[0]?.key ?? "", descending: false }}
      empty="Nothing is there yet."
    />
  );
}
