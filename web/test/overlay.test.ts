import { describe, expect, it } from "vitest";
import { countOf, density, endMs, logTicks, nines, percentileCurve, quantileMs, shareWithin } from "../src/model/overlay.ts";
import { placeOf, toComparison, toRun } from "../src/history/place.ts";

/** 90 requests of up to 1.024 ms, 10 of up to 16.384 ms. */
const TIMES = [
  [160, 90],
  [224, 10],
] as const;

describe("distributions as curves", () => {
  it("ends buckets where the server does", () => {
    expect([endMs(160), endMs(176), endMs(224)]).toEqual([1.024, 2.048, 16.384]);
  });

  it("has the area of all requests, however it is smoothed", () => {
    const shares = density(TIMES).map(([, share]) => share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(density(TIMES).map(([ms]) => ms)).toEqual([...density(TIMES).map(([ms]) => ms)].sort((a, b) => a - b));
    expect(density([])).toEqual([]);
  });

  it("draws the last request, which no share is above", () => {
    const curve = percentileCurve(TIMES);
    expect(curve[0]).toEqual([nines(0.9), 1.024]);
    expect(curve[1]?.[1]).toBe(16.384);
    expect(Number.isFinite(curve[1]?.[0])).toBe(true);
  });

  it("says which share was within a time, and within which time a share was", () => {
    expect([shareWithin(TIMES, 0.5), shareWithin(TIMES, 2), shareWithin(TIMES, 100)]).toEqual([0, 0.9, 1]);
    expect([quantileMs(TIMES, 0.5), quantileMs(TIMES, 0.95), quantileMs([], 0.5)]).toEqual([1.024, 16.384, null]);
    expect(countOf(TIMES)).toBe(100);
  });

  it("marks an axis as often as there is room", () => {
    expect(logTicks(1, 100, 9)).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks(1, 100_000, 9)).toEqual([1, 10, 100, 1_000, 10_000, 100_000]);
  });
});

describe("places of the history", () => {
  it.each([
    ["", { is: "list" }],
    ["#/", { is: "list" }],
    ["#/run/", { is: "list" }],
    [toRun(12), { is: "run", run: "12" }],
    [toRun("a/b c"), { is: "run", run: "a/b c" }],
    [toComparison("main", 7), { is: "comparison", before: "main", after: "7" }],
    ["#/compare/1", { is: "list" }],
    ["#/run/%", { is: "run", run: "%" }],
  ])("%s", (hash, place) => {
    expect(placeOf(hash)).toEqual(place);
  });
});
