// What is asked of a run, while it goes on: in numbers that move, and in a form that can ask for more.

import { expect, it } from "vitest";
import { openBrowser, type Visit, visit } from "./browser.ts";
import { level, linesOf, outcome } from "./judged.ts";

openBrowser();

function standing(now: number, state: "met" | "broken") {
  const passed = state !== "broken";
  return {
    ...{ is_over: false, is_asked: true, passed, aborted: null },
    thresholds: [
      outcome({ text: "p95<2s", passed, state, value: now, shown: `${now}.0 ms`, now, now_shown: `${now}.0 ms`, limit_shown: "2.000 s" }),
      outcome({ text: "p99<3s on level:2", passed: true, state: "waiting", value: null, now: null, now_shown: null }),
    ],
    levels: [
      level(1, { state: "over" }),
      level(2, { state: "running", degradation: 0.35 }),
      level(3, { state: "coming", requests: 0, p95_ms: null, rps: 0, fail_ratio: 0 }),
    ],
  };
}

const rule = { rule: "409 on POST /*/state", verdict: "expected", limit: null, requests: 116, covered: 3400, share: 0.034, broken: false };
const from = { ...rule, method: "POST", name: "/tools/[id]/state", from: "'Expected [200], got 409'", occurrences: 25, first_seen_at: 1, last_seen_at: 2 };

async function open(context = {}): Promise<Visit> {
  const found = await visit({ entries: 3, history: 20 }, "", context, (mock) => {
    mock.judge("verdict", standing(900, "met"));
    mock.judge("expectations", { rules: [rule], reclassified: [from] });
  });
  await found.page.getByRole("tab", { name: "Verdict" }).click();
  return found;
}

it("tells levels, thresholds with their limits, and what was reclassified, as it changes", async () => {
  const { page, mock, complaints, leave } = await open();
  const rows = (label: string) => linesOf(page, label);
  expect(await rows("Thresholds")).toEqual([
    ["p95<2s", "pass", "900.0 ms", "2.000 s", "900.0 ms", "the run"],
    ["p99<3s on level:2", "waits", "–", "2.000 s", "–", "the run"],
  ]);
  expect((await rows("Levels")).map((cells) => [cells[0], cells[1], cells[4], cells.at(-1)])).toEqual([
    ["level 1", "pass", "1,000", "–"],
    ["level 2", "runs", "2,000", "+35.0 %"],
    ["level 3", "comes", "–", "–"],
  ]);
  expect((await rows("What was reclassified"))[0]?.slice(0, 6)).toEqual([
    "'Expected [200], got 409'", "expected", "25", "POST", "/tools/[id]/state", "409 on POST /*/state",
  ]);
  mock.judge("verdict", standing(2500, "broken"));
  await page.getByText("So far 1 of what was asked is broken.").waitFor();
  expect((await rows("Thresholds"))[0]?.slice(1, 3)).toEqual(["FAIL", "2500.0 ms"]);
  expect(await page.getByRole("tab", { name: "Verdict 1 broken" }).count()).toBe(1);
  expect(complaints).toEqual([]);
  await leave();
});

it("has no such tab where nothing is asked", async () => {
  const { page, leave } = await visit({ entries: 3, history: 20 });
  await page.getByRole("tab", { name: "Failures" }).waitFor();
  expect(await page.getByRole("tab", { name: "Verdict" }).count()).toBe(0);
  await leave();
});

it("groups failures by their cause, while they come", async () => {
  const { page, mock, leave } = await visit({ entries: 3, history: 20 });
  const group = { cause: "proxy", method: "POST", name: "/rpc", failures: 37, requests: 1276, share: 0.029, example: "502", first_seen_at: 1, last_seen_at: 2, samples: ["s1"] };
  mock.judge("triage", { groups: [group] });
  await page.getByRole("tab", { name: "Failures" }).click();
  const why = page.getByRole("region", { name: "Why requests failed" }).last();
  await why.getByRole("rowheader", { name: "proxy" }).waitFor();
  mock.judge("triage", { groups: [{ ...group, failures: 41 }] });
  await why.getByRole("cell", { name: "41" }).waitFor();
  await why.getByRole("button", { name: "502" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Copy as curl" }).waitFor();
  await leave();
});

it("asks what the form says, by keyboard", async () => {
  const { page, mock, leave } = await visit();
  const summary = page.locator("summary", { hasText: "Verdict" });
  await summary.focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Levels").fill("5@5 for 1m");
  expect(await page.getByLabel("Users", { exact: true }).count()).toBe(0);
  await page.getByLabel("Thresholds").fill("p95<2s\nfail_ratio<1%");
  await page.getByRole("button", { name: "Start" }).click();
  const started = () => mock.calls.find(({ method, path }) => method === "POST" && path === "run")?.body;
  await expect.poll(started).toMatchObject({ stages: "5@5 for 1m", thresholds: ["p95<2s", "fail_ratio<1%"] });
  await leave();
});

it.each(["light", "dark"] as const)("fits a phone in the %s theme", async (colorScheme) => {
  const { page, leave } = await open({ viewport: { width: 390, height: 844 }, colorScheme });
  await page.getByRole("region", { name: "Thresholds" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  const bad = page.getByText("pass", { exact: true }).first();
  const colours = await bad.evaluate((element) => [getComputedStyle(element).color, getComputedStyle(document.body).backgroundColor]);
  expect(colours[0]).not.toBe(colours[1]);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/verdict-${colorScheme}.png`, fullPage: true });
  await leave();
});
