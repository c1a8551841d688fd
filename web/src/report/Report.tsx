// The report: all that the tabs show, on one page that can be read from top to bottom and printed.

import { useCallback, useMemo } from "react";
import type { Compared } from "../api/stored.ts";
import { fromPoints } from "../model/history.ts";
import { HEAT } from "../model/state.ts";
import { count, duration, moment, NOTHING } from "../model/units.ts";
import { ThemeChoice } from "../parts/ThemeChoice.tsx";
import { Charts } from "../views/Charts.tsx";
import { Comparison } from "../views/Comparison.tsx";
import { Distributions } from "../views/Distributions.tsx";
import { Exceptions } from "../views/Exceptions.tsx";
import { Expectations } from "../views/Expectations.tsx";
import { Failures } from "../views/Failures.tsx";
import { Limited } from "../views/Limited.tsx";
import { Numbers } from "../views/Numbers.tsx";
import { Statistics } from "../views/Statistics.tsx";
import { Triage } from "../views/Triage.tsx";
import { Users } from "../views/Users.tsx";
import { hasVerdict, Verdict, verdictWord } from "../views/Verdict.tsx";
import { Workers } from "../views/Workers.tsx";
import type { ReportData } from "./data.ts";

const ALL = { all: true } as const;

export function Report({ data, tools }: { data: ReportData; tools?: React.ReactNode }) {
  const { run, stats, history, config } = data;
  const past = useMemo(() => fromPoints(history?.points ?? []), [history]);
  const sampleOf = useCallback(
    (id: string) => {
      const sample = data.samples?.[id];
      return sample === undefined ? Promise.reject(new Error("it was not kept")) : Promise.resolve(sample);
    },
    [data],
  );
  const failures = data.errors?.errors ?? [];
  const groups = data.triage?.groups ?? [];
  const distributions = data.distributions ?? [];
  const expected = data.expectations ?? NOTHING_EXPECTED;
  const exceptions = data.exceptions?.exceptions ?? [];
  return (
    <>
      <header className="head">
        <div className="head-name">
          <h1>{data.title ?? "Report"}</h1>
          <span className="head-what">{[run.host, run.locustfile, run.profile, run.shape].filter(Boolean).join(" · ")}</span>
        </div>
        <div className="head-tools">
          {tools}
          {data.show_download_link === true && <a href="?download=1">Download</a>}
          <ThemeChoice />
        </div>
      </header>
      <main className="report">
        <Limited generator={run.generator} />
        <Numbers run={run} total={stats.total} now={undefined} />
        <p className="muted">{span(data)}</p>
        {hasVerdict(data.verdict) && (
          <Part title={verdictWord(data.verdict)}>
            <Verdict verdict={data.verdict} />
          </Part>
        )}
        {data.comparison != null && (
          <Part title="Against the baseline">
            <Comparison comparison={data.comparison} />
          </Part>
        )}
        <Part title="Charts">
          <Charts
            past={past}
            marks={history?.marks ?? []}
            heat={history?.heat ?? HEAT}
            percentiles={config?.percentiles_to_chart ?? []}
            initial={ALL}
          />
        </Part>
        <Part title="Statistics">
          <Statistics
            entries={stats.entries}
            total={stats.total}
            percentiles={config?.percentiles_to_statistics ?? []}
            isLive={false}
          />
        </Part>
        {distributions.length > 1 && (
          <Part title="Distributions">
            <Distributions distributions={distributions} />
          </Part>
        )}
        <Part title={`Failures (${count(failures.length)})`}>
          <Failures failures={failures} sampleOf={sampleOf} />
        </Part>
        {groups.length > 0 && (
          <Part title="Why requests failed">
            <Triage groups={groups} sampleOf={sampleOf} />
          </Part>
        )}
        {expected.rules.length > 0 && (
          <Part title="Expectations">
            <Expectations {...expected} />
          </Part>
        )}
        <Part title={`Exceptions (${count(exceptions.length)})`}>
          <Exceptions exceptions={exceptions} />
        </Part>
        <Part title="Users">
          <Users run={run} tasks={data.tasks ?? null} />
        </Part>
        {run.is_distributed && (
          <Part title="Workers">
            <Workers workers={run.workers} />
          </Part>
        )}
        <footer className="muted">
          katydid {run.version}, with the interface of Locust {run.locust_version}
        </footer>
      </main>
    </>
  );
}

/** Two runs held against each other, as one file. */
export function ComparisonReport({ comparison }: { comparison: Compared }) {
  return (
    <>
      <header className="head">
        <div className="head-name">
          <h1>
            {comparison.after} held against {comparison.before}
          </h1>
        </div>
        <div className="head-tools">
          <ThemeChoice />
        </div>
      </header>
      <main className="report">
        <Comparison comparison={comparison} />
      </main>
    </>
  );
}

const NOTHING_EXPECTED = { rules: [], reclassified: [] };

function span({ run, started_at, ended_at }: ReportData): string {
  const began = started_at ?? run.started_at;
  if (began === null || began === undefined) return "";
  const end = ended_at ?? (run.elapsed_s === null ? null : began + run.elapsed_s);
  return `${moment(began)} to ${end === null ? NOTHING : moment(end)}, ${duration(end === null ? null : end - began)}`;
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
