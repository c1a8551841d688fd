// The journey once more, with the command itself: what the mock promises has to be true.

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browser, complaintsOf, openBrowser } from "./browser.ts";
import { katydid, type Running, target } from "./katydid.ts";

openBrowser();
let shop: Running;
beforeAll(async () => {
  shop = await target();
});
afterAll(() => shop?.end());

async function open(url: string, options = {}): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ locale: "en-US", permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(url);
  return { page, complaints };
}

const figure = (title: string) => `.numbers div:has(dt:text-is("${title}")) dd`;
const number = async (page: Page, title: string) => Number.parseFloat(((await page.textContent(figure(title))) ?? "").replaceAll(",", ""));

it("runs a test from its start to its report", async () => {
  const running = await katydid("shop.py", ["-H", shop.url, "--class-picker"]);
  const { page, complaints } = await open(running.url);
  await page.getByLabel("Users", { exact: true }).fill("8");
  await page.getByLabel("Spawn rate").fill("8");
  await page.getByLabel("Tenant").fill("zeta");
  expect(await page.getByLabel("Api key").inputValue()).not.toContain("hunter2");
  await page.getByRole("button", { name: "Start" }).click();

  await expect.poll(() => number(page, "Users"), { timeout: 10_000 }).toBe(8);
  await expect.poll(() => number(page, "Requests"), { timeout: 10_000 }).toBeGreaterThan(10);
  await page.getByRole("tab", { name: "Statistics" }).click();
  await page.getByRole("button", { name: "/products of zeta" }).waitFor();
  const requests = () => page.locator("tfoot td").nth(1).textContent();
  const before = await requests();
  await expect.poll(requests, { timeout: 5_000 }).not.toBe(before);
  await page.getByRole("button", { name: "/products of zeta" }).click();
  await page.getByRole("dialog").getByText("Distribution").waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("Users").fill("12");
  await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
  await expect.poll(() => number(page, "Users"), { timeout: 10_000 }).toBe(12);

  await page.getByRole("tab", { name: "Failures" }).click();
  const failures = page.locator('.table-place[aria-label="Failures"]');
  await page.locator('.table-place[aria-label="Why requests failed"]').getByRole("rowheader", { name: "client error" }).waitFor();
  await failures.getByRole("rowheader").first().getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Copy as curl" }).click();
  await dialog.getByRole("button", { name: "Copied" }).waitFor();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  expect(curl).toMatch(/^curl .*\/nowhere/);
  expect(await dialog.textContent()).not.toContain("hunter2");
  await page.keyboard.press("Escape");
  await page.getByText("<b>nowhere</b>").first().waitFor();

  await page.getByRole("tab", { name: "Exceptions" }).click();
  await page.getByText("a robot that cannot read").first().waitFor();
  await page.getByRole("tab", { name: "Users" }).click();
  await page.getByRole("heading", { name: "Tasks of each class" }).waitFor();
  await page.getByText("crawl").first().waitFor();

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("users stay, no new task starts").waitFor();
  await expect.poll(() => number(page, "Requests"), { timeout: 10_000 }).toBe(0);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect.poll(() => number(page, "Requests"), { timeout: 10_000 }).toBeGreaterThan(10);

  await page.getByRole("tab", { name: "Downloads" }).click();
  for (const name of ["Statistics", "Failures", "Exceptions", "Report as a file", "Report in Markdown", "Report in JSON"]) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name, exact: true }).click(),
    ]);
    expect(readFileSync(await download.path(), "utf8"), name).not.toContain("hunter2");
    expect(download.suggestedFilename(), name).toMatch(/^Locust_/);
  }

  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click();
  await page.getByText("Statistics were reset").waitFor();
  await page.getByRole("tab", { name: "Statistics" }).click();
  await expect.poll(requests, { timeout: 5_000 }).toBe("0");
  expect(complaints).toEqual([]);

  await page.getByRole("button", { name: "New run" }).click();
  await page.getByRole("dialog").getByLabel("Users", { exact: true }).fill("4");
  await page.getByRole("dialog").getByLabel("Shopper", { exact: true }).uncheck();
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await expect.poll(() => number(page, "Users"), { timeout: 10_000 }).toBe(4);
  await page.goto(`${running.url}/stats/report?theme=dark`.replace(/([^:])\/\//, "$1/"));
  await page.getByRole("heading", { name: "Charts" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  expect(complaints).toEqual([]);
  await page.context().close();
  await running.end();
});

it("lives below a base path, and asks for a password", async () => {
  const running = await katydid("shop.py", ["-H", shop.url, "--web-base-path", "/load"], { LOCUST_BASIC_AUTH: "ann:secret" });
  const home = `${new URL(running.url).origin}/load/`;
  const refused = await fetch(home);
  expect(refused.status).toBe(401);
  const { page } = await open(home, { httpCredentials: { username: "ann", password: "secret" } });
  await page.getByLabel("Users", { exact: true }).fill("2");
  await page.getByRole("button", { name: "Start" }).click();
  await expect.poll(() => number(page, "Users"), { timeout: 10_000 }).toBe(2);
  await page.context().close();
  await running.end();
});

it("lets in who can log in, and nobody else", async () => {
  const running = await katydid("login.py", ["-H", shop.url, "--web-login"]);
  const refused = await fetch(new URL("/api/v1/run/stop", running.url), { method: "POST", redirect: "manual" });
  expect([302, 401, 403]).toContain(refused.status);
  const { page } = await open(running.url);
  await page.getByLabel("User name").fill("ann");
  await page.getByLabel("Password").fill("guess");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect.poll(() => page.getByRole("alert").textContent()).toBe("Wrong name or password");
  await page.getByLabel("User name").fill("ann");
  await page.getByLabel("Password").fill("secret");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Users", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Start" }).click();
  await expect.poll(() => number(page, "Users"), { timeout: 10_000 }).toBe(3);
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("That did not work").waitFor();
  await page.context().close();
  await running.end();
});
