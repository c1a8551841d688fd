// Several distributions in one picture: who is slower, by how much, and for which of the requests.

import { useEffect, useRef, useState } from "react";
import type { Buckets } from "../api/stored.ts";
import { countOf, density, logTicks, nines, percentileCurve, type Point, quantileMs, shareWithin } from "../model/overlay.ts";
import { count, milliseconds, percent } from "../model/units.ts";

export interface Curve {
  label: string;
  times: Buckets;
}

const HEIGHT = 260;
const EDGE = { left: 56, right: 16, top: 14, bottom: 26 };
const DASHES = [undefined, "7 3", "2 3", "9 3 2 3", "12 4", "4 2"];
const COLOURS = 6;

type Kind = "density" | "percentiles";

const KINDS: Record<Kind, string> = { density: "Distribution", percentiles: "Percentiles" };

export function Overlay({ title, curves }: { title: string; curves: readonly Curve[] }) {
  const [kind, setKind] = useState<Kind>("density");
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const shown = curves.filter(({ times }) => times.length > 0);
  return (
    <figure className="chart overlay">
      <figcaption>
        <h3>{title}</h3>
        <div className="bar">
          {(Object.keys(KINDS) as Kind[]).map((one) => (
            <button key={one} type="button" className="choice" aria-pressed={one === kind} onClick={() => setKind(one)}>
              {KINDS[one]}
            </button>
          ))}
        </div>
        <ul className="legend">
          {shown.map(({ label, times }, index) => (
            <li key={label}>
              <i style={{ background: colour(index) }} />
              {label} <b>{count(countOf(times))}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place}>
        {shown.length === 0 ? (
          <p className="empty">There are no distributions to show.</p>
        ) : (
          <Picture kind={kind} curves={shown} width={width} title={title} />
        )}
      </div>
    </figure>
  );
}

function colour(index: number): string {
  return `var(--line-${(index % COLOURS) + 1})`;
}

/** The width that a picture has, so that its words keep their size. */
function useWidth(place: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(240, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return width;
}

/** From values to places. */
interface Axis {
  place: (value: number) => number;
  ticks: readonly (readonly [value: number, text: string])[];
}

function logAxis(from: number, to: number, begin: number, end: number, most: number): Axis {
  const scale = (end - begin) / Math.log(to / from);
  return {
    place: (value) => begin + Math.log(Math.min(to, Math.max(from, value)) / from) * scale,
    ticks: logTicks(from, to, most).map((value) => [value, milliseconds(value).replace(/[.,]0+(?= )/, "")]),
  };
}

function linearAxis(to: number, begin: number, end: number, ticks: Axis["ticks"]): Axis {
  return { place: (value) => begin + (Math.min(value, to) / to) * (end - begin), ticks: ticks.filter(([value]) => value <= to) };
}

const PERCENTILES = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];

interface Drawn {
  x: Axis;
  y: Axis;
  lines: Point[][];
}

function drawn(kind: Kind, curves: readonly Curve[], width: number): Drawn {
  const [left, right, bottom] = [EDGE.left, width - EDGE.right, HEIGHT - EDGE.bottom];
  const lines = curves.map(({ times }) => (kind === "density" ? density(times) : percentileCurve(times)));
  const all = lines.flat();
  const times = all.map(([x, y]) => (kind === "density" ? x : y));
  const [from, to] = [Math.min(...times), Math.max(...times, Math.min(...times) * 2)];
  if (kind === "density") {
    const highest = Math.max(...all.map(([, y]) => y)) * 1.08;
    const ticks = [0.25, 0.5, 0.75].map((part) => [highest * part, percent(highest * part)] as const);
    return { x: logAxis(from, to, left, right, width / 70), y: linearAxis(highest, bottom, EDGE.top, ticks), lines };
  }
  const most = Math.max(...all.map(([x]) => x), 2);
  const ticks = PERCENTILES.map((quantile) => [nines(quantile), percent(quantile)] as const);
  return { x: linearAxis(most, left, right, ticks), y: logAxis(from, to, bottom, EDGE.top, 6), lines };
}

function Picture(props: { kind: Kind; curves: readonly Curve[]; width: number; title: string }) {
  const { kind, curves, width, title } = props;
  const [pointer, setPointer] = useState<number | null>(null);
  const { x, y, lines } = drawn(kind, curves, width);
  const bottom = HEIGHT - EDGE.bottom;
  const path = (points: Point[]) => points.map(([a, b], index) => `${index === 0 ? "M" : "L"}${round(x.place(a))} ${round(y.place(b))}`).join("");
  return (
    <svg
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={`${title}: ${curves.map(inWords).join("; ")}`}
      onPointerMove={(event) => setPointer(event.nativeEvent.offsetX)}
      onPointerLeave={() => setPointer(null)}
    >
      {y.ticks.map(([value, text]) => (
        <g key={text}>
          <line className="grid" x1={EDGE.left} x2={width - EDGE.right} y1={y.place(value)} y2={y.place(value)} />
          <text x={EDGE.left - 8} y={y.place(value) + 4} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      {x.ticks.map(([value, text]) => (
        <g key={text}>
          <line className="grid" x1={x.place(value)} x2={x.place(value)} y1={EDGE.top} y2={bottom} />
          <text x={x.place(value)} y={HEIGHT - 8} textAnchor="middle">
            {text}
          </text>
        </g>
      ))}
      {lines.map((points, index) => {
        const label = curves[index]?.label;
        const last = points.at(-1)?.[0] ?? 0;
        const first = points[0]?.[0] ?? 0;
        return (
          <g key={label} style={{ stroke: colour(index), fill: colour(index) }}>
            {kind === "density" && (
              <path className="area" d={`${path(points)}L${round(x.place(last))} ${bottom}L${round(x.place(first))} ${bottom}Z`} />
            )}
            <path className="curve" d={path(points)} strokeDasharray={DASHES[index % DASHES.length]} />
          </g>
        );
      })}
      {kind === "density" && <Marks curves={curves} x={x} />}
      {pointer !== null && kind === "density" && <Hair at={pointer} curves={curves} x={x} width={width} />}
    </svg>
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function inWords({ label, times }: Curve): string {
  return `${label}, 50 % within ${milliseconds(quantileMs(times, 0.5))}, 95 % within ${milliseconds(quantileMs(times, 0.95))}`;
}

/** Where the 95th percentiles are. */
function Marks({ curves, x }: { curves: readonly Curve[]; x: Axis }) {
  return curves.map(({ label, times }, index) => {
    const place = x.place(quantileMs(times, 0.95) ?? 0);
    return (
      <g key={label}>
        <line className="mark" x1={place} x2={place} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} style={{ stroke: colour(index) }} />
        <text x={place} y={EDGE.top - 3} textAnchor="middle" style={{ fill: colour(index) }}>
          p95
        </text>
      </g>
    );
  });
}

/** How many requests were within the time that is pointed at. */
function Hair({ at, curves, x, width }: { at: number; curves: readonly Curve[]; x: Axis; width: number }) {
  const ms = timeAt(at, x);
  if (ms === null) return null;
  const isLeft = at > width / 2;
  return (
    <g>
      <line className="hair" x1={at} x2={at} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />
      {[`within ${milliseconds(ms)}`, ...curves.map(({ label, times }) => `${label}: ${percent(shareWithin(times, ms))}`)].map((text, index) => (
        <text key={text} x={at + (isLeft ? -8 : 8)} y={EDGE.top + 14 + index * 15} textAnchor={isLeft ? "end" : "start"} style={index === 0 ? undefined : { fill: colour(index - 1) }}>
          {text}
        </text>
      ))}
    </g>
  );
}

/** The value at a place, from two that the axis knows. */
function timeAt(place: number, x: Axis): number | null {
  const [first, second] = [x.ticks[0]?.[0], x.ticks.at(-1)?.[0]];
  if (first === undefined || second === undefined || first === second) return null;
  const [from, to] = [x.place(first), x.place(second)];
  return first * (second / first) ** ((place - from) / (to - from));
}
