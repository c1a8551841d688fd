import { expect, it } from "vitest";
import { escaped, filled } from "../mock/server.mjs";
import { isAddress } from "../src/views/Downloads.tsx";
import { late } from "../src/views/Limited.tsx";
import { levelOf } from "../src/model/state.ts";

it.each([
  ["/custom/csv", true],
  ["custom.csv", true],
  ["https://example.org/x", true],
  ["javascript:alert(1)", false],
  [" JavaScript:alert(1)", false],
  ["data:text/html,x", false],
])("%s may be linked: %s", (href, may) => expect(isAddress(href)).toBe(may));

it("data in a document cannot end its element", () => {
  const page = filled('<script id="katydid-data" type="application/json">{}</script>', { name: "</script><b>&" });
  expect(page).not.toMatch(/<\/script><b>/);
  expect(JSON.parse(escaped({ name: "</script><b>&" }))).toEqual({ name: "</script><b>&" });
});

it("lines that tell of trouble stand out", () => {
  expect(levelOf("[…] host/ERROR/root: x")).toBe("bad");
  expect(levelOf("[…] host/WARNING/root: x")).toBe("warn");
  expect(levelOf("[…] host/INFO/root: ERROR")).toBeUndefined();
});

it("which delay made the generator the limit is said", () => {
  const generator = { lag_p50_ms: 1, lag_max_ms: 90, limited: true, limit_ms: 10, remedy: null };
  expect(late({ ...generator, lag_p99_ms: 64, start_lag_p99_ms: 3 })).toBe("Its lag reached 64.0 ms");
  expect(late({ ...generator, lag_p99_ms: 2, start_lag_p99_ms: 30 })).toMatch(/^Requests were sent 30.0 ms later/);
});
