import { describe, expect, it } from "vitest";
import { asText, firstColumns, fromText, toggled, toggledPercentile } from "../src/model/columns.ts";

describe("columns", () => {
  it("are at first those of Locust", () => {
    const { percentiles, columns } = firstColumns([]);
    expect(percentiles).toEqual(["0.5", "0.95", "0.99"]);
    expect(columns).toEqual(["method", "requests", "failures", "rps", "fail_per_s", "avg", "min", "max", "bytes"]);
    expect(firstColumns([0.5, 0.9]).percentiles).toEqual(["0.5", "0.9"]);
  });
  it("come and go, and keep to their order", () => {
    const without = toggled(firstColumns([]), "failures");
    expect(without.columns).not.toContain("failures");
    expect(toggled(without, "failures")).toEqual(firstColumns([]));
    expect(toggledPercentile(without, "0.9", ["0.5", "0.9", "0.95", "0.99"]).percentiles).toEqual(["0.5", "0.9", "0.95", "0.99"]);
    expect(toggledPercentile(without, "0.5", ["0.5", "0.95", "0.99"]).percentiles).toEqual(["0.95", "0.99"]);
  });
  it("survive being kept", () => {
    const chosen = toggled(firstColumns([0.9]), "status");
    expect(fromText(asText(chosen))).toEqual(chosen);
  });
  it.each([null, "", "x", "{}", '{"percentiles": 1, "columns": []}'])("of %j are none", (text) => {
    expect(fromText(text)).toBeNull();
  });
  it("of another version lose what is unknown", () => {
    expect(fromText('{"percentiles": ["0.9", 7, "x", "1"], "columns": ["gone", "min"]}')).toEqual({ percentiles: ["0.9", "1"], columns: ["min"] });
  });
});
