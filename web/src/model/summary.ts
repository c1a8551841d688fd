// How are status codes and histograms told in few words?

import type { Histogram } from "../api/types.ts";
import { count, milliseconds, percent } from "./units.ts";

export interface Bar {
  title: string;
  value: number | null;
  text: string;
}

/** "200 × 1,234, 503 × 2", most frequent first. */
export function statusText(entry: { status: Record<string, number> }): string {
  return Object.entries(entry.status ?? {})
    .sort(([, a], [, b]) => b - a)
    .map(([code, times]) => `${code} × ${count(times)}`)
    .join(", ");
}

/** The histogram by halves of an octave: a handful of rows, of which each is a factor of 1.4 of the one before. */
export function coarse(histogram: Histogram): Bar[] {
  const rows = new Map<number, number>();
  for (const [upper_us, times] of histogram.buckets) {
    const step = Math.ceil(Math.log2(Math.max(upper_us, 1)) * 2);
    rows.set(step, (rows.get(step) ?? 0) + times);
  }
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([step, times]) => ({
      title: `≤ ${milliseconds(2 ** (step / 2) / 1000)}`,
      value: times,
      text: `${count(times)} (${percent(times / histogram.count)})`,
    }));
}
