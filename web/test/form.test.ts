import { describe, expect, it } from "vitest";
// @ts-expect-error: the mock is plain JavaScript
import { CONFIG } from "../mock/data.mjs";
import type { Config, ExtraOption } from "../src/api/types.ts";
import { formOf, hasCommonFields, problems, requestOf } from "../src/model/form.ts";
import { shares } from "../src/views/ClassPicker.tsx";

const config = (more: Partial<Config> = {}): Config => ({ ...structuredClone(CONFIG), ...more });

describe("the form", () => {
  it("begins with what the command was given", () => {
    const form = formOf(config({ run_time: 5400 }));
    expect(form).toMatchObject({ user_count: "100", spawn_rate: "10", run_time: "1h30m", shape_class: "Default" });
    expect(form.user_classes).toEqual(["Robot", "Shopper"]);
    expect(form.options).toEqual({ tenant: "acme", api_key: "", region: "eu", flags: ["fast"], depth: "3", cached: true });
  });

  it("sends types as the locustfile declared them", () => {
    const form = formOf(config());
    form.options.depth = "5";
    form.run_time = " 90 ";
    expect(requestOf(config(), form)).toEqual({
      host: "http://127.0.0.1:8000", user_count: 100, spawn_rate: 10, run_time: "90",
      user_classes: ["Robot", "Shopper"], shape_class: "Default",
      options: { tenant: "acme", api_key: "", region: "eu", flags: ["fast"], depth: 5, cached: true },
    });
  });

  it("sends what is asked of the run only where it was changed", () => {
    const before = config({ stages: "5@1 for 1m", thresholds: ["p95<2s"], expect: ["409"] });
    expect(formOf(before)).toMatchObject({ stages: "5@1 for 1m", thresholds: "p95<2s", expect: "409" });
    const same = requestOf(before, formOf(before));
    expect(Object.keys(same).filter((key) => ["stages", "thresholds", "expect", "user_count"].includes(key))).toEqual([]);
    const form = { ...formOf(before), stages: " ", thresholds: "p95<2s\n\n max<5s ", expect: "" };
    expect(hasCommonFields(before, form)).toBe(true);
    expect(requestOf(before, form)).toMatchObject({ stages: "", thresholds: ["p95<2s", "max<5s"], expect: [], user_count: 100 });
  });

  it("asks for no users when a shape decides", () => {
    const form = { ...formOf(config()), shape_class: "Stairs", user_count: "nonsense" };
    expect(hasCommonFields(config(), form)).toBe(false);
    expect(problems(config(), form)).toEqual({});
    expect(requestOf(config(), form)).not.toHaveProperty("user_count");
    expect(hasCommonFields(config({ shape_use_common_options: true }), form)).toBe(true);
  });

  it.each([
    [{ user_count: "ten" }, "user_count"],
    [{ user_count: "-1" }, "user_count"],
    [{ spawn_rate: "0" }, "spawn_rate"],
    [{ spawn_rate: "" }, "spawn_rate"],
    [{ run_time: "1.5h" }, "run_time"],
    [{ user_classes: [] }, "user_classes"],
  ])("says what is wrong with %j", (change, field) => {
    expect(Object.keys(problems(config(), { ...formOf(config()), ...change }))).toEqual([field]);
  });

  it("wants a host and an option only where they are needed", () => {
    const empty = { ...formOf(config()), host: "" };
    expect(problems(config(), empty)).toEqual({});
    expect(Object.keys(problems(config({ is_host_required: true }), empty))).toEqual(["host"]);
    const asking = config();
    Object.assign(asking.extra_options.api_key as object, { is_required: true });
    expect(Object.keys(problems(asking, formOf(asking)))).toEqual(["api_key"]);
  });

  it("leaves out what is not for a form, and shapes without a choice", () => {
    const other = config({ shapes: ["Default"] });
    other.extra_options.help = { ...(other.extra_options.tenant as ExtraOption), default_value: "==SUPPRESS==" };
    expect(formOf(other).options).not.toHaveProperty("help");
    expect(requestOf(other, formOf(other)).options).not.toHaveProperty("help");
    expect(requestOf(other, formOf(other))).not.toHaveProperty("shape_class");
  });

  it("does not send a word where a number is wanted", () => {
    const form = formOf(config());
    form.options.depth = "deep";
    expect(problems(config(), form)).toEqual({ depth: "a number" });
  });
});

it("shares go by weight among classes without a fixed number", () => {
  const one = (name: string, weight: number, fixed_count = 0) => ({ name, weight, fixed_count, host: null, tasks: [], available_tasks: [] });
  expect([...shares([one("a", 1), one("b", 3), one("c", 9, 2)])]).toEqual([["a", 0.25], ["b", 0.75]]);
  expect([...shares([one("a", 0)])]).toEqual([["a", 0]]);
});
