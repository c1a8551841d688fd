// How do distributions become curves that can be laid over each other?
//
// Buckets are 4.4 % wide: fine for a picture. Figures come from the server, which knows the whole distribution.

import type { Buckets } from "../api/stored.ts";

const PER_OCTAVE = 16;

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** Where a bucket ends, in milliseconds. */
export function endMs(bucket: number): number {
  return 2 ** (bucket / PER_OCTAVE) / 1000;
}

export function countOf(times: Buckets): number {
  return times.reduce((sum, [, count]) => sum + count, 0);
}

/** The share of requests in each bucket, from the first to the last, a little smoothed: x are milliseconds. */
export function density(times: Buckets): Point[] {
  const all = countOf(times);
  const [first] = times[0] ?? [];
  const [last] = times.at(-1) ?? [];
  if (all === 0 || first === undefined || last === undefined) return [];
  const counts = new Map(times);
  const at = (bucket: number) => counts.get(bucket) ?? 0;
  const points: Point[] = [];
  for (let bucket = first - 2; bucket <= last + 2; bucket += 1) {
    const smooth = (at(bucket - 1) + 2 * at(bucket) + at(bucket + 1)) / 4;
    points.push([endMs(bucket - 0.5), smooth / all]);
  }
  return points;
}

/** The nines of a percentile: 0.9 is 1, 0.99 is 2. */
export function nines(quantile: number): number {
  return -Math.log10(1 - quantile);
}

/** The response time at each percentile: x are nines, y milliseconds. */
export function percentileCurve(times: Buckets): Point[] {
  const all = countOf(times);
  const points: Point[] = [];
  let passed = 0;
  for (const [bucket, count] of times) {
    passed += count;
    // The last request has no share above it: it is drawn where the next one would be.
    points.push([nines(Math.min(passed / all, 1 - 1 / (2 * all))), endMs(bucket)]);
  }
  return points;
}

/** The share of requests that took at most so long. */
export function shareWithin(times: Buckets, ms: number): number {
  const all = countOf(times);
  const within = times.reduce((sum, [bucket, count]) => (endMs(bucket - 0.5) <= ms ? sum + count : sum), 0);
  return all === 0 ? 0 : within / all;
}

/** The response time that a share of the requests stayed within. */
export function quantileMs(times: Buckets, quantile: number): number | null {
  const rank = countOf(times) * quantile;
  let passed = 0;
  for (const [bucket, count] of times) {
    passed += count;
    if (passed >= rank && passed > 0) return endMs(bucket);
  }
  return null;
}

/** Marks of a logarithmic axis: 1, 2, 5, 10 … between two values, at most about `most` of them. */
export function logTicks(from: number, to: number, most: number): number[] {
  const decades = Math.log10(to / from);
  const steps = decades * 3 <= most ? [1, 2, 5] : decades <= most ? [1] : [];
  const ticks: number[] = [];
  for (let decade = Math.floor(Math.log10(from)); decade <= Math.ceil(Math.log10(to)); decade += 1) {
    for (const step of steps) {
      const value = step * 10 ** decade;
      if (value >= from * 0.999 && value <= to * 1.001) ticks.push(value);
    }
  }
  return ticks;
}
