import { describe, expect, it } from "vitest";
import { bytes, duration, figure, milliseconds, percent, percentileName, rate, timeSpan, typedSpan } from "../src/model/units.ts";

describe("a number", () => {
  it.each([
    [null, "–"],
    [undefined, "–"],
    [Number.NaN, "–"],
    [0, "0"],
    [0.0421, "0.042"],
    [0.4249, "0.42"],
    [4.2, "4.20"],
    [42, "42.0"],
    [420.4, "420"],
    [4200, "4,200"],
  ])("figure(%s) is %s", (value, text) => expect(figure(value)).toBe(text));

  it("has its unit", () => {
    expect(milliseconds(12.34)).toBe("12.3 ms");
    expect(milliseconds(9999)).toBe("9,999 ms");
    expect(milliseconds(12_340)).toBe("12.3 s");
    expect(bytes(999)).toBe("999 B");
    expect(bytes(1_500)).toBe("1.50 kB");
    expect(bytes(84_000_000)).toBe("84.0 MB");
    expect(rate(12.34)).toBe("12.3");
    expect(rate(12)).toBe("12");
    expect(rate(12_345.6)).toBe("12,346");
  });

  it("that is small is not shown as none", () => {
    expect(percent(0)).toBe("0 %");
    expect(percent(0.00001)).toBe("< 0.01 %");
    expect(percent(0.0212)).toBe("2.12 %");
    expect(percent(1)).toBe("100.0 %");
    expect(percent(null)).toBe("–");
  });

  it.each([
    [0.5, "p50"],
    ["0.95", "p95"],
    ["0.999", "p99.9"],
    ["0.9999", "p99.99"],
    [1, "max"],
    ["1.0", "max"],
  ])("percentileName(%s) is %s", (value, text) => expect(percentileName(value)).toBe(text));
});

describe("a duration", () => {
  it.each([
    [0, "0 s"],
    [59.9, "59 s"],
    [75, "1 min 15 s"],
    [3600, "1 h 0 min"],
    [90_061, "1 d 1 h"],
    [-3, "0 s"],
  ])("duration(%s) is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    ["90", 90],
    [" 20s ", 20],
    ["3m", 180],
    ["1h30m", 5400],
    ["3h30m10s", 12_610],
    ["0s", 0],
    ["3x", null],
    ["1.5h", null],
    ["10s5m", null],
    ["1h30", null],
    ["s", null],
    ["", null],
    ["-5", null],
  ])("timeSpan(%j) is %s", (text, seconds) => expect(timeSpan(text)).toBe(seconds));

  it.each([
    [null, ""],
    [5400, "1h30m"],
    ["90", "1m30s"],
    [0, "0s"],
    ["nonsense", "nonsense"],
  ])("typedSpan(%s) is %j", (value, text) => expect(typedSpan(value)).toBe(text));
});
