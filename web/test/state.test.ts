import { describe, expect, it } from "vitest";
// @ts-expect-error: the mock is plain JavaScript
import { CONFIG, entry, point, run, total } from "../mock/data.mjs";
import type { Config, Mark, Run } from "../src/api/types.ts";
import { EMPTY, isActive, LOG_LINES, next, type PageEvent, type State } from "../src/model/state.ts";

function after(...events: PageEvent[]): State {
  return events.reduce(next, EMPTY);
}

const stats = (entries: unknown[], full: boolean) =>
  ({ kind: "stats", data: { at: 1, changed: entries, total: total(entries, 10), full } }) as PageEvent;

describe("statistics", () => {
  it("are replaced by a full set and patched by a change", () => {
    const [a, b, c] = [entry(1, 10), entry(2, 10), entry(3, 10)];
    const newer = entry(2, 20);
    const before = after(stats([a, b], true));
    const now = next(before, stats([newer, c], false));
    expect(now.entries).toEqual([a, newer, c]);
    expect(now.entries[0]).toBe(before.entries[0]);
    expect(next(now, stats([c], true)).entries).toEqual([c]);
  });
});

describe("a run that begins anew", () => {
  it("has no past of the one before", () => {
    const old = after(
      { kind: "run", data: run("running", 110, 100, 5, 5) as Run },
      { kind: "point", data: point(105, 5, 5, []) },
      { kind: "mark", data: { at: 100, kind: "start", text: "" } },
    );
    expect(old.past).toHaveLength(1);
    const anew = next(old, { kind: "run", data: run("spawning", 200, 200, 0, 5) as Run });
    expect(anew.past).toEqual([]);
    expect(anew.marks).toEqual([]);
    expect(next(old, { kind: "run", data: run("stopped", 120, 100, 0, 5) as Run }).past).toBe(old.past);
  });
});

describe("logs", () => {
  const logs = (...master: string[]): PageEvent => ({ kind: "logs", data: { master, workers: { w: master } } });
  it("count what is an error, until they come anew", () => {
    const state = after(logs("[…] host/ERROR/root: x", "[…] host/INFO/root: y"), logs("[…] host/CRITICAL/root: z"));
    expect(state.alarms).toBe(4);
    expect(next(state, { kind: "open" }).alarms).toBe(0);
  });
});

describe("marks", () => {
  const mark: Mark = { at: 1, kind: "start", text: "" };
  it("that come twice, by stream and history, are kept once", () => {
    expect(after({ kind: "mark", data: mark }, { kind: "mark", data: { ...mark } }).marks).toEqual([mark]);
  });
});

describe("the history", () => {
  it("keeps what the stream brought while it was on its way", () => {
    const points = [1, 2, 3, 4].map((at) => point(at, at, 1, []));
    const state = after(
      { kind: "point", data: points[2] },
      { kind: "point", data: points[3] },
      { kind: "history", data: { points: points.slice(0, 3), marks: [] } },
    );
    expect(state.past.map(({ at }) => at)).toEqual([1, 2, 3, 4]);
  });
});

describe("a server that has just begun", () => {
  it("is understood though it knows next to nothing", () => {
    const state = after({ kind: "run", data: { state: "missing" } as Run }, { kind: "config", data: {} as Config });
    expect(state.run).toMatchObject({ state: "missing", user_count: 0, workers: [] });
    expect(state.config).toMatchObject({ user_classes: [], shapes: [] });
  });
});

describe("logs", () => {
  const lines = (...master: string[]): PageEvent => ({ kind: "logs", data: { master, workers: { w: master } } });
  it("grow by lines, and begin anew with a connection", () => {
    const state = after(lines("a"), lines("b"));
    expect(state.logs).toEqual({ master: ["a", "b"], workers: { w: ["a", "b"] } });
    expect(next(state, { kind: "open" }).logs).toEqual({ master: [], workers: {} });
  });
  it("are bounded", () => {
    const many = Array.from({ length: LOG_LINES + 10 }, (_, index) => `${index}`);
    const { master } = after(lines(...many)).logs;
    expect(master).toHaveLength(LOG_LINES);
    expect(master.at(-1)).toBe(`${LOG_LINES + 9}`);
  });
});

describe("the connection", () => {
  it("keeps the moment at which it was lost", () => {
    const state = after({ kind: "open" }, { kind: "lost", at: 5 }, { kind: "lost", at: 9 });
    expect(state.link).toEqual({ is: "lost", since: 5 });
    expect(next(state, { kind: "open" }).link).toEqual({ is: "live" });
  });
});

describe("a part that did not change", () => {
  it("keeps its identity, so that its view is not drawn", () => {
    const before = after(stats([entry(1, 10)], true), { kind: "config", data: CONFIG });
    const now = next(before, { kind: "errors", data: { errors: [] } });
    expect(now.entries).toBe(before.entries);
    expect(now.config).toBe(before.config);
  });
});

it.each([
  ["ready", false],
  ["spawning", true],
  ["paused", true],
  ["stopping", true],
  ["stopped", false],
  ["missing", false],
])("a run that is %s is active: %s", (state, active) => {
  expect(isActive(run(state, 1, 1, 1, 1) as Run)).toBe(active);
});
