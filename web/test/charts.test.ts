import { describe, expect, it } from "vitest";
import { bucketAt, cellsOf, edge_ms, levels } from "../src/charts/heat.ts";
import { label } from "../src/charts/marks.ts";
import { pictureName, rangeOf, ticks, within } from "../src/charts/time.ts";
import { stepOf, valuesOf } from "../src/charts/values.ts";
import type { Past } from "../src/model/history.ts";
import { coarse } from "../src/model/summary.ts";

const SCALE = { first_ms: 0.25, per_octave: 4 };

function past(at: number, heat: number[], span_s = 1): Past {
  return { at, span_s, users: 1, rps: 1, fail_per_s: 0, percentiles: {}, avg_ms: 1, lag_p99_ms: 0, heat };
}

describe("the heat map", () => {
  it("adds up what falls into a cell and leaves out what is not shown", () => {
    const cells = cellsOf([past(1, [4, 1]), past(2, [4, 2, 6, 5]), past(99, [20, 7])], { from: 0, to: 2 }, 1);
    expect(cells).toMatchObject({ columns: 1, lowest: 4, rows: 3, most: 5 });
    expect([...(cells?.counts ?? [])]).toEqual([3, 0, 5]);
  });
  it("spreads a long point over its columns", () => {
    expect([...(cellsOf([past(4, [0, 8], 4)], { from: 0, to: 4 }, 4)?.counts ?? [])]).toEqual([2, 2, 2, 2]);
  });
  it("without an answer has no cells", () => expect(cellsOf([past(1, [])], { from: 0, to: 2 }, 3)).toBeNull());
  it("has its buckets where the server says", () => {
    expect(edge_ms(0, SCALE)).toBe(0.25);
    expect(edge_ms(8, SCALE)).toBe(1);
    expect(bucketAt(1, SCALE)).toBe(8);
  });
  it("has as many lines as there is room for", () => {
    expect(levels(8, 40, SCALE, 12)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(levels(8, 40, SCALE, 4)).toEqual([1, 10, 100, 1000]);
  });
});

describe("the time shown", () => {
  it("is the last part, everything, or what was marked", () => {
    expect(rangeOf({ last_s: 300 }, 0, 1000)).toEqual({ from: 700, to: 1000 });
    expect(rangeOf({ all: true }, 0, 1000)).toEqual({ from: 0, to: 1000 });
    expect(rangeOf({ from: 3, to: 5 }, 0, 1000)).toEqual({ from: 3, to: 5 });
  });
  it("is never so short that a second fills it", () => expect(rangeOf({ all: true }, 9, 10)).toEqual({ from: -20, to: 10 }));
  it("has round ticks", () => expect(ticks({ from: 3, to: 130 }, 3).map(({ at }) => at)).toEqual([60, 120]));
});

describe("the points of a range", () => {
  const points = [1, 2, 3, 4, 5, 6].map((at) => ({ at }));
  const shown = (from: number, to: number) => within(points, { from, to }).map(({ at }) => at);
  it("come with the neighbours that lines lead to", () => {
    expect(shown(3, 4)).toEqual([2, 3, 4]);
    expect(shown(3.5, 4.5)).toEqual([3, 4, 5]);
    expect(shown(5.5, 9)).toEqual([5, 6]);
  });
  it("are the list itself when all are shown", () => {
    expect(within(points, { from: 0, to: 6 })).toBe(points);
    expect(within([], { from: 0, to: 6 })).toEqual([]);
  });
});

describe("the values of lines", () => {
  const point = (at: number, more: Partial<Past>): Past => ({ ...past(at, []), percentiles: { "0.5": at }, ...more });
  const points = [
    point(1, { rps: 10, avg_ms: 1, lag_p99_ms: 3, users: 1 }),
    point(2, { rps: 30, avg_ms: 5, lag_p99_ms: null, users: 2 }),
    point(3, { rps: 0, avg_ms: null, lag_p99_ms: 7, users: 3 }),
  ];
  it("are the points themselves where there is room", () => {
    const columns = valuesOf(points, ["0.5", "0.9"], 1);
    expect(columns).toMatchObject({ times: [1, 2, 3], rps: [10, 30, 0], avg_ms: [1, 5, null], lag_p99_ms: [3, null, 7] });
    expect(columns.percentiles).toEqual([[1, 2, 3], [null, null, null]]);
  });
  it("are means and the worst of neighbours where there is not", () => {
    const columns = valuesOf(points, ["0.5"], 2);
    expect(columns).toMatchObject({ times: [2, 3], rps: [20, 0], avg_ms: [4, null], lag_p99_ms: [3, 7], users: [2, 3] });
    expect(columns.percentiles).toEqual([[2, 3]]);
  });
  it("keep all answers of longer points", () => {
    const columns = valuesOf([point(2, { rps: 10, span_s: 2 }), point(3, { rps: 40 })], [], 10);
    expect(columns.rps).toEqual([20]);
  });
  it("are fewer the more is shown", () => {
    expect([300, 900, 3600, 86_400].map((to) => stepOf({ from: 0, to }))).toEqual([1, 1, 5, 120]);
  });
});

it("a picture is called after its chart and its time", () => {
  expect(pictureName("Response time", new Date(2026, 0, 31, 17, 5, 9))).toBe("response_time_2026-01-31-17-05-09.png");
});

it("a mark says its text, or its kind", () => {
  expect(label({ at: 0, kind: "stage", text: "peak" })).toBe("peak");
  expect(label({ at: 0, kind: "spawned", text: "" })).toBe("all spawned");
});

it("a histogram loses nothing when it is made coarse", () => {
  const rows = coarse({ unit: "us", buckets: [[1000, 3], [1020, 2], [64_000, 5]], count: 10 });
  expect(rows.map(({ value }) => value)).toEqual([5, 5]);
  expect(rows[0]?.title).toBe("≤ 1.02 ms");
});
