// The figures that one looks at first.

import type { Entry, Run } from "../api/types.ts";
import type { Past } from "../model/history.ts";
import { count, duration, milliseconds, NOTHING, percent, rate } from "../model/units.ts";

/** What just happened where a point of the history is there, otherwise what holds for the whole run. */
export function Numbers({ run, total, now }: { run: Run; total: Entry | null; now: Past | undefined }) {
  const share = total === null || total.requests === 0 ? null : total.failures / total.requests;
  const times = now?.percentiles ?? total?.percentiles ?? {};
  return (
    <dl className="numbers">
      <Users run={run} />
      <Number title="Requests" text={rate(now?.rps ?? total?.rps)} small="/s" />
      <Number title="Failures" text={percent(share)} small={total === null ? "" : count(total.failures)} isBad={(share ?? 0) > 0} />
      <Number title="p50" text={milliseconds(times["0.5"])} />
      <Number title="p95" text={milliseconds(times["0.95"])} />
      <Number title="p99" text={milliseconds(times["0.99"])} />
      <Number title="Time" text={run.elapsed_s === null ? NOTHING : duration(run.elapsed_s)} small={left(run)} />
      <Number
        title="Lag p99"
        text={milliseconds(run.generator?.lag_p99_ms)}
        isBad={(run.generator?.lag_p99_ms ?? 0) > (run.generator?.limit_ms ?? Infinity)}
      />
    </dl>
  );
}

function Number({ title, text, small = "", isBad = false }: { title: string; text: string; small?: string; isBad?: boolean }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd className={isBad ? "bad" : undefined}>
        {text} {small !== "" && <small>{small}</small>}
      </dd>
    </div>
  );
}

/** After a run nobody is left: what it had is what is asked for. */
function Users({ run }: { run: Run }) {
  const isOver = run.state === "stopped" && run.user_count === 0;
  if (isOver) return <Number title="Users" text={count(run.target_user_count)} small="until the end" />;
  return <Number title="Users" text={count(run.user_count)} small={target(run)} />;
}

function target(run: Run): string {
  const wanted = run.target_user_count;
  return wanted === null || wanted === run.user_count ? "" : `of ${count(wanted)}`;
}

function left(run: Run): string {
  if (run.run_time_s === null || run.elapsed_s === null || run.state === "stopped") return "";
  return `${duration(Math.max(0, run.run_time_s - run.elapsed_s))} left`;
}
