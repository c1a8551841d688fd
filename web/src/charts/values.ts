// Which values do the lines of a chart have?
//
// Where there would be several points to a pixel, neighbours are told as one: rates and means as their mean, percentiles and
// lag as the worst of them, as in a past that was merged (model/history.ts). Slots begin at round moments, so that a line does
// not change its form from one second to the next.

import type { Past } from "../model/history.ts";
import type { Range } from "./time.ts";

/** How many points a line has at most, more or less: that many pixels there are. */
const POINTS = 900;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

type Values = (number | null)[];

export interface LineValues {
  times: number[];
  users: Values;
  rps: Values;
  fail_per_s: Values;
  avg_ms: Values;
  lag_p99_ms: Values;
  /** In the order of the keys. */
  percentiles: Values[];
}

/** How many seconds are told as one. */
export function stepOf({ from, to }: Range): number {
  return STEPS.find((step) => (to - from) / step <= POINTS) ?? (STEPS.at(-1) as number);
}

export function valuesOf(past: readonly Past[], keys: readonly string[], step_s: number): LineValues {
  const made: LineValues = { times: [], users: [], rps: [], fail_per_s: [], avg_ms: [], lag_p99_ms: [], percentiles: keys.map(() => []) };
  const { times, users, rps, fail_per_s, avg_ms, lag_p99_ms, percentiles } = made;
  let slot = Number.NaN;
  let seconds = 0;
  let answers = 0;
  for (const point of past) {
    // A point is about the time before it.
    const own = Math.ceil(point.at / step_s);
    const count = (point.rps ?? 0) * point.span_s;
    if (own !== slot) {
      slot = own;
      seconds = answers = 0;
      for (const values of [rps, fail_per_s, avg_ms, lag_p99_ms, users, ...percentiles]) values.push(null);
      times.push(point.at);
    }
    const at = times.length - 1;
    times[at] = point.at;
    users[at] = point.users ?? users[at] ?? null;
    rps[at] = mean(rps[at], seconds, point.rps, point.span_s);
    fail_per_s[at] = mean(fail_per_s[at], seconds, point.fail_per_s, point.span_s);
    avg_ms[at] = mean(avg_ms[at], answers, point.avg_ms, count);
    lag_p99_ms[at] = worst(lag_p99_ms[at], point.lag_p99_ms);
    for (let index = 0; index < keys.length; index += 1) {
      const values = percentiles[index] as Values;
      values[at] = worst(values[at], point.percentiles[keys[index] as string]);
    }
    seconds += point.span_s;
    answers += count;
  }
  return made;
}

type Maybe = number | null | undefined;

function mean(before: Maybe, weight: number, value: Maybe, own: number): number | null {
  if (before == null || weight === 0) return value ?? before ?? null;
  if (value == null || own === 0) return before;
  return (before * weight + value * own) / (weight + own);
}

function worst(before: Maybe, value: Maybe): number | null {
  if (before == null) return value ?? null;
  return value == null ? before : Math.max(before, value);
}
