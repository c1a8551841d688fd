// Stored runs in a browser: the list, one run, two held against each other.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { Mock } from "../../web/mock/server.mjs";
import { openBrowser, reportOf, type Visit, visit } from "./browser.ts";
import { linesOf } from "./judged.ts";

openBrowser();

async function open(path = "history", context = {}): Promise<Visit> {
  return visit({ entries: 5, history: 60 }, path, context, (mock) => {
    mock.stored.report = { ...mock.report(), run: { ...mock.report().run, state: "stopped" } };
  });
}

const list = (page: Page) => linesOf(page, "Stored runs");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function picture(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
}

it("lists, filters and sorts runs", async () => {
  const { page, complaints, leave } = await open();
  await page.getByRole("region", { name: "Stored runs" }).last().waitFor();
  expect((await list(page)).map((cells) => cells[0])).toEqual(["5", "4", "3", "2", "1"]);
  const [, , result, baseline] = (await list(page)).at(-1) as string[];
  expect([result, baseline]).toEqual(["passed", "main"]);
  await page.getByRole("button", { name: /^p95/ }).click();
  expect((await list(page))[0]?.[0]).toBe("5");
  await page.getByRole("button", { name: /^p95/ }).click();
  expect((await list(page))[0]?.[0]).toBe("1");
  await page.getByRole("searchbox").fill("shop failed");
  expect((await list(page)).map((cells) => cells[0])).toEqual(["4"]);
  await page.getByRole("searchbox").fill("nothing like that");
  await page.getByText("Nothing matches this filter.").waitFor();
  expect(complaints).toEqual([]);
  await leave();
});

it("compares two runs that were chosen by keyboard, and shows who is slower", async () => {
  const { page, mock, complaints, leave } = await open();
  expect(await button(page, "Compare").isDisabled()).toBe(true);
  for (const run of [5, 2]) {
    await page.getByLabel(`choose run ${run}`).focus();
    await page.keyboard.press("Space");
  }
  await button(page, "Compare").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "5 held against 2" }).waitFor();
  await page.getByText("run 5 is worse than main (run 2) by more than noise and what is allowed: level 2, POST /rpc.").waitFor();
  await page.getByText('by the rule "409" 12 requests were expected').waitFor();
  const rows = await linesOf(page, "Levels and names");
  expect(rows.map((cells) => [cells[1], cells[2], cells[0], cells[6]])).toEqual([
    ["worse", "level 2", "/rpc", "+82.5 %"],
    ["better", "level 2", "/chat", "−16.7 %"],
    ["same", "level 1", "/rpc", "+5.00 %"],
  ]);
  const image = page.getByRole("img", { name: /^level 2, POST \/rpc: main \(run 2\), 50 % within .* run 5, 50 % within/ });
  await image.waitFor();
  expect(await image.locator("path.curve").count()).toBe(2);
  await button(page, "Percentiles").click();
  expect(await image.locator("path.curve").count()).toBe(2);
  expect(await image.locator("text", { hasText: "99.9 %" }).count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: "/chat" }).click();
  await page.getByRole("img", { name: /^level 2, POST \/chat/ }).waitFor();
  await page.getByLabel("Allowed degradation").fill("100%");
  await page.keyboard.press("Enter");
  await page.getByText("run 5 is not worse than main (run 2)").waitFor();
  expect(mock.stored.calls.at(-1)?.query).toBe("before=2&after=5&allow=100%25");
  expect(complaints).toEqual([]);
  await leave();
});

it("shows one run as its report does, and finds the way back", async () => {
  const { page, complaints, leave } = await open();
  await page.getByRole("link", { name: "3", exact: true }).click();
  await page.getByRole("heading", { name: "Run 3" }).waitFor();
  await page.getByRole("heading", { name: "Distributions" }).waitFor();
  expect(await page.locator("#view, .report").first().locator(".overlay path.curve").count()).toBe(3);
  expect(await page.getByRole("link", { name: "Download" }).getAttribute("href")).toBe("api/v1/runs/3/report");
  await page.getByRole("link", { name: "Stored runs" }).click();
  await page.getByRole("heading", { name: "Stored runs" }).waitFor();
  await page.goto(page.url().replace(/#.*/, "#/run/99"));
  await page.getByRole("alert").getByText("there is no run 99").waitFor();
  expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
  await leave();
});

it("gives a run a name, and forgets runs after asking", async () => {
  const { page, mock, leave } = await open();
  await page.getByLabel("choose run 4").check();
  await button(page, "Set as baseline").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("last");
  await dialog.getByRole("button", { name: "Set" }).click();
  await page.getByRole("alert").getByText("cannot name a baseline").waitFor();
  await button(page, "Set as baseline").click();
  await dialog.getByLabel("Name").fill("main");
  await dialog.getByRole("button", { name: "Set" }).click();
  await expect.poll(async () => (await list(page)).map((cells) => cells[3])).toEqual(["", "main", "", "", ""]);

  for (const run of [2, 3]) await page.getByLabel(`choose run ${run}`).check();
  await button(page, "Delete").click();
  await dialog.getByText("Delete 2 runs?").waitFor();
  await page.keyboard.press("Escape");
  expect(mock.stored.runs).toHaveLength(5);
  await button(page, "Delete").click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect.poll(async () => (await list(page)).map((cells) => cells[0])).toEqual(["5", "4", "1"]);
  await leave();
});

it("stays fast with a thousand runs", async () => {
  const { page, mock, leave } = await open();
  const [first] = mock.stored.runs;
  mock.stored.runs = Array.from({ length: 1000 }, (_, index) => ({ ...first, run: index + 1, baselines: [] }) as (typeof mock.stored.runs)[0]);
  await page.reload();
  await page.getByText("1,000 runs in").waitFor();
  expect(await page.locator("tbody tr").count()).toBeLessThan(80);
  await page.getByRole("searchbox").fill("777");
  await expect.poll(async () => (await list(page)).map((cells) => cells[0])).toEqual(["777"]);
  await leave();
});

it("is reached from the page of a run that keeps its history", async () => {
  const { page, mock, leave } = await visit({ entries: 3, history: 20 });
  await page.getByRole("tab", { name: "Charts" }).waitFor();
  expect(await page.getByRole("link", { name: "Stored runs" }).count()).toBe(0);
  mock.config.history_enabled = true;
  await page.reload();
  await page.getByRole("link", { name: "Stored runs" }).click();
  await page.getByRole("heading", { name: "Stored runs" }).waitFor();
  await page.getByRole("link", { name: "The run" }).click();
  await page.getByRole("tab", { name: "Charts" }).waitFor();
  await leave();
});

it.each(["light", "dark"] as const)("fits a phone and a wide screen in the %s theme", async (colorScheme) => {
  for (const [kind, viewport] of [["phone", { width: 390, height: 844 }], ["wide", { width: 1280, height: 800 }]] as const) {
    const { page, leave } = await open("history", { viewport, colorScheme });
    await page.getByLabel("choose run 5").waitFor();
    await picture(page, `runs-${kind}-${colorScheme}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    await page.goto(`${page.url()}#/compare/2/5`);
    await page.locator(".overlay svg").waitFor();
    await picture(page, `comparison-${kind}-${colorScheme}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    const strokes = await page.locator(".overlay .curve").evaluateAll((paths) => paths.map((path) => getComputedStyle(path).stroke));
    expect(new Set(strokes).size).toBe(2);
    await leave();
  }
});

it("a comparison is one file that asks for nothing", async () => {
  const comparison = { before: "main (run 1)", after: "run 2", rows: new Mock().stored.rows, notes: [] };
  const page = await reportOf({ comparison });
  await page.getByRole("heading", { name: "run 2 held against main (run 1)" }).waitFor();
  expect(await page.locator(".overlay path.curve").count()).toBe(2);
  await page.close();
});
