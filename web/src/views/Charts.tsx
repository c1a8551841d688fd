// The run over time.

import { useMemo, useState } from "react";
import type { HeatScale, Mark } from "../api/types.ts";
import { HeatMap } from "../charts/HeatMap.tsx";
import { rangeOf, VIEWS, type View, within } from "../charts/time.ts";
import { type Line, TimeChart } from "../charts/TimeChart.tsx";
import { stepOf, valuesOf } from "../charts/values.ts";
import type { Past } from "../model/history.ts";
import { count, milliseconds, percentileName, rate } from "../model/units.ts";

const SHADES = ["--shade-1", "--shade-2", "--shade-3", "--shade-4", "--shade-5"];

export function Charts(props: {
  past: readonly Past[];
  marks: readonly Mark[];
  heat: HeatScale;
  /** The percentiles that the configuration asks for; all that are there if it names none. */
  percentiles: readonly number[];
  initial?: View;
}) {
  const { past, marks, heat, percentiles } = props;
  const [view, setView] = useState<View>(props.initial ?? { last_s: 900 });
  const range = rangeOf(view, past[0]?.at, past.at(-1)?.at);
  const { from, to } = range;
  const shown = useMemo(() => within(past, { from, to }), [past, from, to]);
  const step_s = stepOf(range);
  const charts = useMemo(() => panels(shown, percentiles, step_s), [shown, percentiles, step_s]);
  if (past.length === 0) {
    return <p className="empty">Charts begin with the first second of a run.</p>;
  }
  const common = {
    times: charts.times,
    marks,
    range,
    onZoom: (zoomed: View | null) => setView(zoomed ?? { all: true }),
  };
  return (
    <section aria-label="Charts">
      <Views view={view} onView={setView} />
      <div className="charts">
        <TimeChart {...common} title="Rate" unit="per second" lines={charts.rate} format={rate} withWords />
        <TimeChart {...common} title="Response time" unit="percentiles over 10 s" lines={charts.times_ms} format={milliseconds} />
        <HeatMap past={shown} marks={marks} range={range} scale={heat} />
        <TimeChart {...common} title="Users" unit="" lines={charts.users} format={count} />
        <TimeChart
          {...common}
          title="Lag of the generator"
          unit="p99, never part of response times"
          lines={charts.lag}
          format={milliseconds}
        />
      </div>
    </section>
  );
}

function Views({ view, onView }: { view: View; onView: (view: View) => void }) {
  const isZoomed = "from" in view;
  return (
    <div className="bar" role="group" aria-label="Time shown">
      {VIEWS.map(({ title, view: choice }) => (
        <button
          key={title}
          type="button"
          className="choice"
          aria-pressed={JSON.stringify(choice) === JSON.stringify(view)}
          onClick={() => onView(choice)}
        >
          {title}
        </button>
      ))}
      <span className="hint">{isZoomed ? "A marked part is shown." : "Drag across a chart to look closer."}</span>
    </div>
  );
}

interface Panels {
  times: number[];
  rate: Line[];
  times_ms: Line[];
  users: Line[];
  lag: Line[];
}

function panels(past: readonly Past[], percentiles: readonly number[], step_s: number): Panels {
  const keys = chosen(past, percentiles);
  const values = valuesOf(past, keys, step_s);
  return {
    times: values.times,
    rate: [
      { label: "requests", colour: "--accent", values: values.rps, fill: true },
      { label: "failures", colour: "--danger", values: values.fail_per_s },
    ],
    times_ms: [
      ...keys.map((key, index) => ({
        label: percentileName(key),
        colour: SHADES[Math.min(index, SHADES.length - 1)] as string,
        values: values.percentiles[index] ?? [],
      })),
      { label: "average", colour: "--muted", values: values.avg_ms, dashed: true },
    ],
    users: [{ label: "users", colour: "--text", values: values.users, fill: true }],
    lag: [{ label: "lag p99", colour: "--muted", values: values.lag_p99_ms }],
  };
}

/** The percentiles that are both asked for and there. */
function chosen(past: readonly Past[], percentiles: readonly number[]): string[] {
  const there = Object.keys(past.at(-1)?.percentiles ?? {}).sort((a, b) => Number(a) - Number(b));
  const asked = there.filter((key) => percentiles.some((value) => Number(key) === value));
  return asked.length === 0 ? there : asked;
}
