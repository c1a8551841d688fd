import { describe, expect, it } from "vitest";
import type { Entry } from "../src/api/types.ts";
import { grouped, matching, methodAndName, prefixOf, sorted, visible } from "../src/model/table.ts";

function entry(method: string, name: string, more: Partial<Entry> = {}): Entry {
  return {
    method, name, requests: 10, failures: 1, rps: 2, fail_per_s: 0.2, avg_ms: 10, min_ms: 5, max_ms: 20, median_ms: 9,
    percentiles: { "0.95": 19 }, avg_bytes: 100, status: { "200": 9, "503": 1 }, phases: {}, ...more,
  };
}

describe("a filter", () => {
  const entries = [entry("GET", "/api/orders"), entry("POST", "/api/orders"), entry("GET", "/health")];
  it("wants every word, in method or name", () => {
    expect(matching(entries, "post ORDERS", methodAndName)).toEqual([entries[1]]);
    expect(matching(entries, "get", methodAndName)).toHaveLength(2);
    expect(matching(entries, "nothing", methodAndName)).toEqual([]);
  });
  it("that is empty keeps the list as it is", () => expect(matching(entries, "  ", methodAndName)).toBe(entries));
});

describe("an order", () => {
  const value = (row: { key: string | number | null }) => row.key;
  const keys = (list: (string | number | null)[], descending: boolean) =>
    sorted(list.map((key) => ({ key })), value, descending).map(({ key }) => key);

  it("has what does not exist at the end both ways", () => {
    expect(keys([null, 3, 1, null, 2], false)).toEqual([1, 2, 3, null, null]);
    expect(keys([null, 3, 1, null, 2], true)).toEqual([3, 2, 1, null, null]);
  });
  it("counts the numbers in names", () => expect(keys(["/a/10", "/a/9"], false)).toEqual(["/a/9", "/a/10"]));
  it("is stable", () => {
    const rows = [{ key: 1, id: "a" }, { key: 1, id: "b" }];
    expect(sorted(rows, (row) => row.key, true).map(({ id }) => id)).toEqual(["a", "b"]);
  });
});

describe("groups", () => {
  it.each([
    ["/api/users/7", 2, "/api/users/…"],
    ["/api/users", 2, "/api/users"],
    ["/api/users/7?x=/1", 1, "/api/…"],
    ["https://example.org/api/users/7", 1, "/api/…"],
    ["login", 1, "login"],
    ["shop/cart/add", 1, "shop/…"],
  ])("prefixOf(%s, %d) is %s", (name, depth, prefix) => expect(prefixOf(name, depth)).toBe(prefix));

  it("add up what can be added and claim no percentile", () => {
    const [row, ...others] = grouped(
      [entry("GET", "/a/1"), entry("GET", "/a/2", { requests: 30, avg_ms: 50, min_ms: 1, max_ms: 90, status: { "200": 30 } })],
      1,
    );
    expect(others).toEqual([]);
    expect(row).toMatchObject({ name: "/a/…", members: 2, requests: 40, failures: 2, rps: 4, avg_ms: 40, min_ms: 1, max_ms: 90 });
    expect(row?.status).toEqual({ "200": 39, "503": 1 });
    expect(row?.percentiles).toEqual({});
    expect(row?.median_ms).toBeNull();
  });

  it("keep methods apart, and an entry alone as it is", () => {
    const entries = [entry("GET", "/a/1"), entry("POST", "/a/1")];
    expect(grouped(entries, 1)).toEqual(entries);
  });

  it("of none leave every row the same value, so that it need not be drawn again", () => {
    const entries = [entry("GET", "/a/1"), entry("GET", "/a/2")];
    expect(grouped(entries, 0)).toBe(entries);
    expect(grouped(entries, 3)[0]).toBe(entries[0]);
  });
});

describe("the rows in sight", () => {
  it.each([
    [0, 360, 1000, [0, 12]],
    [3600, 360, 1000, [98, 112]],
    [0, 360, 3, [0, 3]],
    [99_999, 360, 50, [50, 50]],
  ])("at %d of a window of %d over %d rows are %s", (top, height, rows, range) => {
    expect(visible(top, height, 36, rows, 2)).toEqual(range);
  });
});
