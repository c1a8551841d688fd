// A chart over time: uPlot in a figure whose legend is ours, so that it can be read and used without a pointer.

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import type { Mark } from "../api/types.ts";
import { ink, useShown } from "../parts/theme.ts";
import { clock } from "../model/units.ts";
import { drawMarks } from "./marks.ts";
import { usePainting } from "./painter.ts";
import { SavePicture } from "./SavePicture.tsx";
import { tick, type Range } from "./time.ts";

export interface Line {
  label: string;
  /** A CSS variable. */
  colour: string;
  values: (number | null)[];
  dashed?: boolean;
  fill?: boolean;
}

export interface TimeChartProps {
  title: string;
  unit: string;
  times: number[];
  lines: Line[];
  marks: readonly Mark[];
  range: Range;
  format: (value: number | null | undefined) => string;
  withWords?: boolean;
  height?: number;
  onZoom: (range: Range | null) => void;
}

const FONT = "11px system-ui, sans-serif";
const AXIS = 56;

interface Made {
  form: string;
  chart: uPlot;
}

/** What the drawing reads at the time of drawing: it changes more often than the chart is made. */
interface Live {
  marks: readonly Mark[];
  range: Range;
  format: TimeChartProps["format"];
  onZoom: TimeChartProps["onZoom"];
  onHover: (index: number | null) => void;
}

export function TimeChart(props: TimeChartProps) {
  const { title, unit, times, lines, marks, range, format, withWords = false, height = 180, onZoom } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<Made | null>(null);
  const live = useRef<Live>({ marks, range, format, onZoom, onHover: setHovered });
  live.current = { marks, range, format, onZoom, onHover: setHovered };
  const theme = useShown();
  // What a chart is made for; lines are compared by label and colour, their values are given to it again and again.
  const form = [...lines.map((line) => `${line.label}${line.colour}`), theme, height, withWords].join("|");

  usePainting(
    place,
    () => {
      const host = place.current;
      if (host === null) return;
      const data = [times, ...lines.map((line) => line.values)] as uPlot.AlignedData;
      if (made.current?.form === form) made.current.chart.setData(data);
      else {
        made.current?.chart.destroy();
        made.current = { form, chart: new uPlot(options(lines, host.clientWidth, height, withWords, live), data, host) };
      }
      showSeries(made.current.chart, lines, hidden);
    },
    [times, lines, range.from, range.to, marks, form, hidden],
  );

  useEffect(() => {
    const host = place.current;
    if (host === null) return undefined;
    const observer = new ResizeObserver(() => {
      const chart = made.current?.chart;
      if (chart !== undefined && chart.width !== host.clientWidth) chart.setSize({ width: host.clientWidth, height });
    });
    observer.observe(host);
    return () => {
      observer.disconnect();
      made.current?.chart.destroy();
      made.current = null;
    };
  }, [height]);

  const index = hovered ?? times.length - 1;
  return (
    <figure className="chart">
      <figcaption>
        <h3>
          {title} <span className="unit">{unit}</span>
        </h3>
        <span className="chart-time">{hovered === null ? "" : clock(times[index])}</span>
        <SavePicture
          words={{ title, lines: lines.filter(({ label }) => !hidden.has(label)) }}
          canvas={() => made.current?.chart.ctx.canvas ?? null}
        />
        <Legend lines={lines} hidden={hidden} onHide={setHidden} index={index} format={format} />
      </figcaption>
      <div
        ref={place}
        className="chart-place"
        role="img"
        aria-label={summary(title, lines, index, format)}
        style={{ height }}
      />
    </figure>
  );
}

function showSeries(chart: uPlot, lines: Line[], hidden: ReadonlySet<string>): void {
  lines.forEach(({ label }, index) => {
    const show = !hidden.has(label);
    if (chart.series[index + 1]?.show !== show) chart.setSeries(index + 1, { show });
  });
}

function Legend(props: {
  lines: Line[];
  hidden: ReadonlySet<string>;
  onHide: (hidden: ReadonlySet<string>) => void;
  index: number;
  format: TimeChartProps["format"];
}) {
  const { lines, hidden, onHide, index, format } = props;
  function toggle(label: string): void {
    const now = new Set(hidden);
    if (!now.delete(label)) now.add(label);
    onHide(now);
  }
  return (
    <ul className="legend">
      {lines.map((line) => (
        <li key={line.label}>
          <button
            type="button"
            aria-pressed={!hidden.has(line.label)}
            title={hidden.has(line.label) ? "show" : "hide"}
            onClick={() => toggle(line.label)}
          >
            <i style={{ background: `var(${line.colour})` }} />
            {line.label} <b>{format(line.values[index])}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

function summary(title: string, lines: Line[], index: number, format: TimeChartProps["format"]): string {
  return `${title}: ${lines.map((line) => `${line.label} ${format(line.values[index])}`).join(", ")}`;
}

function options(
  lines: Line[],
  width: number,
  height: number,
  withWords: boolean,
  live: { current: Live },
): uPlot.Options {
  const muted = ink("--muted");
  const grid = { stroke: ink("--line"), width: 1 };
  const axis = { stroke: muted, font: FONT, grid, ticks: { show: false } };
  return {
    width,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "time" }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: true, range: () => [live.current.range.from, live.current.range.to] },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 80,
        values: (_chart, splits) => splits.map((at) => tick(at, (splits[1] ?? at + 60) - (splits[0] ?? at))),
      },
      { ...axis, size: AXIS, values: (_chart, splits) => splits.map((value) => live.current.format(value)) },
    ],
    series: [{}, ...lines.map(series)],
    hooks: {
      draw: [
        (chart) => {
          const { left, top, width: wide, height: high } = chart.bbox;
          drawMarks(
            chart.ctx,
            live.current.marks,
            { left, top, width: wide, height: high },
            (at) => chart.valToPos(at, "x", true),
            { colour: muted, paper: ink("--panel"), font: scaled(), scale: uPlot.pxRatio, withWords },
          );
        },
      ],
      setCursor: [(chart) => live.current.onHover(chart.cursor.idx ?? null)],
      setSelect: [(chart) => zoom(chart, live.current.onZoom)],
    },
  };
}

function scaled(): string {
  return `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
}

function series(line: Line): uPlot.Series {
  const stroke = ink(line.colour);
  return {
    label: line.label,
    stroke,
    width: 1.5,
    points: { show: false },
    ...(line.dashed ? { dash: [4, 3] } : {}),
    ...(line.fill ? { fill: stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.10)") } : {}),
  };
}

function zoom(chart: uPlot, onZoom: TimeChartProps["onZoom"]): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  const range = { from: chart.posToVal(left, "x"), to: chart.posToVal(left + width, "x") };
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom(range);
}
