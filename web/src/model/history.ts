// How is the past kept in bounded memory?
//
// The last hour by the second; what is older is merged in pairs whenever it has grown to as much again. So a tab that stays
// open for a day holds at most two hours' worth of points. A merged point keeps the worst percentile of the two and says so by
// its span; its heat is exact, because counts add up.

import type { Point } from "../api/types.ts";

/** How many of the newest points are never merged. */
export const FINE_POINTS = 3_600;
/** How many older ones there may be before they are merged in pairs. */
export const COARSE_POINTS = 3_600;

/** A point as it is kept: heat is flat (bucket, count, bucket, count, …), which takes a tenth of the memory of pairs. */
export interface Past extends Omit<Point, "heat"> {
  span_s: number;
  heat: number[];
}

export function pastOf(point: Point, span_s = 1): Past {
  const { at, users, rps, fail_per_s, percentiles, avg_ms, lag_p99_ms } = point;
  return { at, span_s, users, rps, fail_per_s, percentiles, avg_ms, lag_p99_ms, heat: (point.heat ?? []).flat() };
}

/** Adds a point; one of the same second takes the place of the one that is there, an older one is already known. */
export function append(past: readonly Past[], point: Past): readonly Past[] {
  const last = past.at(-1);
  if (last === undefined || point.at > last.at) return bounded([...past, point]);
  if (point.at === last.at) return [...past.slice(0, -1), point];
  return past;
}

/** The points of a server's answer, with the spans that their distances tell. */
export function fromPoints(points: readonly Point[]): readonly Past[] {
  const past = points.map((point, index) => {
    const before = points[index - 1];
    return pastOf(point, before === undefined ? 1 : Math.max(1, Math.round(point.at - before.at)));
  });
  return bounded(past);
}

/** Merges in pairs what is older than the newest `fine`, once it is more than `coarse`. */
export function bounded(
  past: readonly Past[],
  fine: number = FINE_POINTS,
  coarse: number = COARSE_POINTS,
): readonly Past[] {
  if (past.length <= fine + coarse) return past;
  const edge = past.length - fine;
  const older: Past[] = [];
  for (let index = 0; index < edge; index += 2) {
    const first = past[index] as Past;
    const second = index + 1 < edge ? past[index + 1] : undefined;
    older.push(second === undefined ? first : merge(first, second));
  }
  return bounded([...older, ...past.slice(edge)], fine, coarse);
}

/** Two neighbours as one. */
export function merge(a: Past, b: Past): Past {
  const span_s = a.span_s + b.span_s;
  const keys = new Set([...Object.keys(a.percentiles), ...Object.keys(b.percentiles)]);
  return {
    at: b.at,
    span_s,
    users: b.users ?? a.users,
    rps: mean(a.rps, a.span_s, b.rps, b.span_s),
    fail_per_s: mean(a.fail_per_s, a.span_s, b.fail_per_s, b.span_s),
    percentiles: Object.fromEntries([...keys].map((key) => [key, worst(a.percentiles[key], b.percentiles[key])])),
    avg_ms: mean(a.avg_ms, (a.rps ?? 0) * a.span_s, b.avg_ms, (b.rps ?? 0) * b.span_s),
    lag_p99_ms: worst(a.lag_p99_ms, b.lag_p99_ms),
    heat: addHeat(a.heat, b.heat),
  };
}

function mean(a: number | null, weightA: number, b: number | null, weightB: number): number | null {
  if (a === null) return b;
  if (b === null) return a;
  const weight = weightA + weightB;
  return weight === 0 ? (a + b) / 2 : (a * weightA + b * weightB) / weight;
}

function worst(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a == null) return b ?? null;
  return b == null ? a : Math.max(a, b);
}

/** The sum of two flat heats, by bucket. */
export function addHeat(a: readonly number[], b: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const heat of [a, b]) {
    for (let index = 0; index + 1 < heat.length; index += 2) {
      const bucket = heat[index] as number;
      counts.set(bucket, (counts.get(bucket) ?? 0) + (heat[index + 1] as number));
    }
  }
  return [...counts].sort(([x], [y]) => x - y).flat();
}
