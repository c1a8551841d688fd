// Which cells does the heat map have?
//
// Columns are pixels' worth of time, rows the server's buckets of latency. Counts of what falls into one cell add up.

import type { HeatScale } from "../api/types.ts";
import type { Past } from "../model/history.ts";
import type { Range } from "./time.ts";

export interface Cells {
  columns: number;
  lowest: number;
  rows: number;
  counts: Float64Array;
  most: number;
}

/** The cells of a range of the past, or null if nothing was answered in it. */
export function cellsOf(past: readonly Past[], range: Range, columns: number): Cells | null {
  const inside = past.filter((point) => point.at >= range.from && point.at <= range.to && point.heat.length > 0);
  let lowest = Infinity;
  let highest = -Infinity;
  for (const { heat } of inside) {
    for (let index = 0; index < heat.length; index += 2) {
      lowest = Math.min(lowest, heat[index] as number);
      highest = Math.max(highest, heat[index] as number);
    }
  }
  if (lowest > highest) return null;
  const rows = highest - lowest + 1;
  const counts = new Float64Array(columns * rows);
  const width = (range.to - range.from) / columns;
  for (const point of inside) spread(point, range, width, columns, lowest, counts);
  return { columns, lowest, rows, counts, most: counts.reduce((a, b) => Math.max(a, b), 0) };
}

/** A point that stands for several columns' time fills them all, evenly. */
function spread(point: Past, range: Range, width: number, columns: number, lowest: number, counts: Float64Array): void {
  const last = Math.min(columns - 1, Math.floor((point.at - range.from) / width));
  const first = Math.max(0, Math.min(last, Math.ceil((point.at - point.span_s - range.from) / width)));
  const share = 1 / (last - first + 1);
  for (let index = 0; index < point.heat.length; index += 2) {
    const row = (point.heat[index] as number) - lowest;
    for (let column = first; column <= last; column += 1) {
      const cell = row * columns + column;
      counts[cell] = (counts[cell] as number) + (point.heat[index + 1] as number) * share;
    }
  }
}

/** The lower edge of a bucket. */
export function edge_ms(bucket: number, scale: HeatScale): number {
  return scale.first_ms * 2 ** (bucket / scale.per_octave);
}

/** The bucket, with its fraction, that a latency lies at. */
export function bucketAt(ms: number, scale: HeatScale): number {
  return Math.log2(ms / scale.first_ms) * scale.per_octave;
}

/** Latencies worth a line at the axis: powers of ten, and fives between them where there is room. */
export function levels(lowest: number, rows: number, scale: HeatScale, most: number): number[] {
  const from = edge_ms(lowest, scale);
  const to = edge_ms(lowest + rows, scale);
  for (const steps of [[1, 2, 5], [1, 5], [1]]) {
    const found = decades().flatMap((decade) => steps.map((step) => step * decade));
    const within = found.filter((ms) => ms >= from && ms <= to);
    if (within.length <= most || steps.length === 1) return within;
  }
  return [];
}

function decades(): number[] {
  return [-2, -1, 0, 1, 2, 3, 4, 5, 6].map((power) => 10 ** power);
}
