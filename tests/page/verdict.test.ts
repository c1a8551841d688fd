// A report tells what was asked of the run, and what became of it.

import { expect, it } from "vitest";
import { Mock } from "../../web/mock/server.mjs";
import { openBrowser, reportOf } from "./browser.ts";
import { level, linesOf, outcome } from "./judged.ts";

openBrowser();

async function told(verdict: unknown) {
  const mock = new Mock({ entries: 3, history: 10 });
  mock.state = "stopped";
  const page = await reportOf({ ...mock.report(), verdict });
  await page.locator(".part > h2").first().waitFor();
  return page;
}

it("shows thresholds and levels in the order of the run", async () => {
  const page = await told({
    ...{ is_over: true, is_asked: true, passed: false, aborted: "max<1s abort is broken: 1.540 s" },
    thresholds: [
      outcome({ text: "p95<2s", passed: true }),
      outcome({ text: "max<1s abort", passed: false, place: "level 2, GET /<b>x</b>" }),
    ],
    levels: [level(2, {}), level(10, { degradation: 0.5, passed: false }), level(1, { degradation: -0.25 })],
  });
  expect(await page.locator(".part > h2").first().textContent()).toBe("Verdict: failed");
  await page.getByText("The run was ended early: max<1s abort is broken").waitFor();
  const rows = (label: string) => linesOf(page, label);
  expect(await rows("Thresholds")).toEqual([
    ["p95<2s", "pass", "1.540 s", "the run"],
    ["max<1s abort", "FAIL", "1.540 s", "level 2, GET /<b>x</b>"],
  ]);
  const levels = await rows("Levels");
  expect(levels.map((cells) => [cells[0], cells[1], cells.at(-1)])).toEqual([
    ["level 2", "pass", "–"],
    ["level 10", "FAIL", "+50.0 %"],
    ["level 1", "pass", "−25.0 %"],
  ]);
  await page.close();
});

it("says nothing of it where nothing was asked", async () => {
  for (const verdict of [null, undefined, { is_asked: false, passed: true, aborted: null, thresholds: [], levels: [] }]) {
    const page = await told(verdict);
    expect(await page.locator(".part > h2").first().textContent()).toBe("Charts");
    await page.close();
  }
});
