import { describe, expect, it } from "vitest";
import type { Point } from "../src/api/types.ts";
import { addHeat, append, bounded, COARSE_POINTS, FINE_POINTS, fromPoints, merge, pastOf, type Past } from "../src/model/history.ts";

function point(at: number, more: Partial<Point> = {}): Point {
  return { at, users: 1, rps: 10, fail_per_s: 0, percentiles: { "0.5": 5 }, avg_ms: 5, lag_p99_ms: 0.1, heat: [[4, 10]], ...more };
}

const hits = (past: readonly Past[]) =>
  past.flatMap(({ heat }) => heat.filter((_value, index) => index % 2 === 1)).reduce((a, b) => a + b, 0);

describe("the past", () => {
  it("grows by a second, knows one already and ignores what is older", () => {
    const one = append([], pastOf(point(1)));
    const two = append(one, pastOf(point(2)));
    expect(two.map(({ at }) => at)).toEqual([1, 2]);
    expect(append(two, pastOf(point(2, { rps: 99 })))[1]?.rps).toBe(99);
    expect(append(two, pastOf(point(1)))).toBe(two);
  });

  it("of a day stays within two hours' worth of points and loses no answer", () => {
    let past: readonly Past[] = [];
    const seconds = 24 * 3600;
    const minute = Array.from({ length: 60 }, (_value, second) => second + 1);
    for (let began = 0; began < seconds; began += 60) {
      past = bounded([...past, ...minute.map((second) => pastOf(point(began + second)))]);
    }
    expect(past.length).toBeLessThanOrEqual(FINE_POINTS + COARSE_POINTS);
    expect(hits(past)).toBe(seconds * 10);
    expect(past.slice(-FINE_POINTS).every(({ span_s }) => span_s === 1)).toBe(true);
    expect(past.reduce((sum, { span_s }) => sum + span_s, 0)).toBe(seconds);
    expect(past.every(({ rps }) => Math.abs((rps ?? 0) - 10) < 1e-9)).toBe(true);
  });

  it("that is short is left alone", () => {
    const past = fromPoints([point(1), point(2)]);
    expect(bounded(past, 2, 0)).toBe(past);
  });

  it("of a thinned answer knows how long each point is", () => {
    expect(fromPoints([point(4), point(8), point(12)]).map(({ span_s }) => span_s)).toEqual([1, 4, 4]);
  });
});

describe("two points as one", () => {
  const slow = pastOf(point(2, { rps: 30, avg_ms: 50, percentiles: { "0.5": 40 }, lag_p99_ms: 3, heat: [[4, 1], [9, 2]] }));
  const fast = pastOf(point(1));

  it("have the mean rate, the mean of all answers and the worst percentile", () => {
    const both = merge(fast, slow);
    expect(both).toMatchObject({ at: 2, span_s: 2, rps: 20, percentiles: { "0.5": 40 }, lag_p99_ms: 3 });
    expect(both.avg_ms).toBe((5 * 10 + 50 * 30) / 40);
    expect(both.heat).toEqual([4, 11, 9, 2]);
  });

  it("keep what only one of them knows", () => {
    const idle = pastOf(point(3, { rps: 0, avg_ms: null, percentiles: { "0.5": null }, lag_p99_ms: null, heat: [] }));
    expect(merge(fast, idle)).toMatchObject({ rps: 5, avg_ms: 5, percentiles: { "0.5": 5 }, lag_p99_ms: 0.1 });
  });

  it("have their heat in order", () => expect(addHeat([9, 1], [2, 3, 9, 4])).toEqual([2, 3, 9, 5]));
});
