// Does the page stay smooth with a thousand names and an hour of history, and its memory bounded over an hour of updates?

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, memory, visit } from "./browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** Scrolls the table up and down for so long and returns the time between frames. */
async function scroll(page: Page, ms: number): Promise<number[]> {
  return page.evaluate(async (during) => {
    const place = document.querySelector(".table-place") as HTMLElement;
    const frames: number[] = [];
    const begin = performance.now();
    let last = begin;
    await new Promise<void>((done) => {
      function frame(now: number): void {
        frames.push(now - last);
        last = now;
        place.scrollTop = (place.scrollHeight / 2) * (1 + Math.sin((now - begin) / 700));
        if (now - begin < during) requestAnimationFrame(frame);
        else done();
      }
      requestAnimationFrame(frame);
    });
    return frames.slice(2);
  }, ms);
}

it("scrolls a thousand rows that change every second without dropping frames", async () => {
  const { page, mock, leave } = await visit(browser, { entries: 1000, history: 3600 }, "#statistics");
  await page.locator("tbody tr:not(.gap)").first().waitFor();
  expect(await page.locator("tbody tr").count(), "only the rows in sight exist").toBeLessThan(80);
  const timer = setInterval(() => mock.tick(), 1000);
  const frames = await scroll(page, 6_000);
  clearInterval(timer);
  const late = frames.filter((ms) => ms > 34).length;
  const worst = Math.max(...frames);
  console.log(`${frames.length} frames in 6 s, ${late} of them late, the longest took ${worst.toFixed(0)} ms`);
  expect(frames.length).toBeGreaterThan(300);
  expect(late / frames.length).toBeLessThan(0.03);
  await leave();
});

it("draws an hour of history every second within a frame", async () => {
  const { page, mock, leave } = await visit(browser, { entries: 1000, history: 3600 }, "#charts");
  await page.getByRole("button", { name: "1 h" }).click();
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  for (let second = 0; second < 6; second += 1) {
    mock.tick();
    await page.waitForTimeout(500);
  }
  const long = await page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  console.log(`6 updates of 1,000 entries and 3,600 points: ${long.length} tasks above 50 ms (${long.map((ms) => ms.toFixed(0)).join(", ")})`);
  expect(Math.max(0, ...long)).toBeLessThan(200);
  await leave();
});

it("does not grow over an hour of updates", async () => {
  // Two hours of history to begin with: as much as a tab ever holds.
  const { page, mock, leave } = await visit(browser, { entries: 50, history: 7200 }, "#charts");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const hour = async (seconds: number) => {
    for (let second = 1; second <= seconds; second += 1) {
      mock.tick();
      if (second % 60 === 0) await page.waitForTimeout(30);
    }
    await expect.poll(() => page.textContent(".numbers dd >> nth=6"), { timeout: 30_000 }).toContain(`${Math.floor((mock.now - mock.started_at) / 3600)} h`);
    await page.waitForTimeout(500);
    return memory(session);
  };
  const first = await hour(3600);
  const before = await hour(3600);
  const after = await hour(3600);
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  console.log(`an hour of updates: heap ${mb(first.heap)}, ${mb(before.heap)} to ${mb(after.heap)} MB, nodes ${before.nodes} to ${after.nodes}`);
  expect(after.heap).toBeLessThan(before.heap * 1.1 + 1e6);
  expect(after.nodes).toBeLessThan(before.nodes * 1.2 + 200);
  await leave();
}, 240_000);
