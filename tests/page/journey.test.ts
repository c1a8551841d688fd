// The whole journey: open, fill in, start, watch, change, look at a failure, download, stop, reset, be refused.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openBrowser, visit } from "./browser.ts";

openBrowser();

const figure = (title: string) => `.numbers div:has(dt:text-is("${title}")) dd`;

it("starts a run from the form and shows its numbers as they move", async () => {
  const { page, mock, complaints, leave } = await visit();
  await page.getByLabel("Users", { exact: true }).fill("ten");
  await page.getByLabel("Run time").fill("1.5h");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("a whole number, such as 100").waitFor();
  expect(await page.getByLabel("Users", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("inputmode"))).toBe("numeric");
  expect(mock.calls.filter(({ method }) => method === "POST")).toEqual([]);

  await page.getByLabel("Users", { exact: true }).fill("120");
  await page.getByLabel("Run time").fill("5m");
  await page.getByLabel("Host").fill("http://refused");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("this host is not allowed").waitFor();

  await page.getByLabel("Host").fill("http://127.0.0.1:8000");
  await page.getByLabel("Robot", { exact: true }).uncheck();
  await page.getByLabel("Tenant").fill("zeta");
  await page.getByLabel("Cached").uncheck();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("tab", { name: "Charts" }).waitFor();
  expect(mock.calls.findLast(({ method }) => method === "POST")?.body).toEqual({
    host: "http://127.0.0.1:8000", user_count: 120, spawn_rate: 10, run_time: "5m", user_classes: ["Shopper"],
    shape_class: "Default",
    options: { tenant: "zeta", api_key: "", region: "eu", flags: ["fast"], depth: 3, cached: false },
  });

  for (let second = 0; second < 4; second += 1) mock.tick();
  await expect.poll(() => page.textContent(figure("Users"))).toContain("120");
  await page.getByText("Running", { exact: true }).waitFor();
  const before = await page.textContent(figure("Requests"));
  for (let second = 0; second < 3; second += 1) mock.tick();
  await expect.poll(() => page.textContent(figure("Requests"))).not.toBe(before);
  await expect.poll(() => page.locator(".chart canvas").count()).toBe(5);
  expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
  await leave();
});

it("changes weights while the form is filled in", async () => {
  const { page, mock, leave } = await visit();
  await page.getByLabel("Weight of Robot").fill("3");
  await page.getByLabel("Weight of Robot").blur();
  await expect.poll(() => mock.calls.find(({ path }) => path === "users")?.body).toEqual({ user_class_name: "Robot", weight: 3 });
  expect(await page.locator(".plain tbody tr").first().textContent()).toContain("50.0 %");
  await leave();
});

it("changes tasks and host of a class", async () => {
  const { page, mock, leave } = await visit();
  const changes = () => mock.calls.filter(({ path }) => path === "users").map(({ body }) => body);
  await page.getByRole("button", { name: "More of Shopper" }).click();
  await page.getByLabel("order", { exact: true }).uncheck();
  await expect.poll(changes).toEqual([{ user_class_name: "Shopper", tasks: ["browse"] }]);
  await page.getByLabel("browse", { exact: true }).click();
  expect(await page.getByLabel("browse", { exact: true }).isChecked(), "one has to remain").toBe(true);
  await page.getByLabel("Host of Shopper").fill("http://127.0.0.1:9000");
  await page.getByLabel("Host of Shopper").blur();
  await expect.poll(changes).toHaveLength(2);
  expect(changes().at(-1)).toEqual({ user_class_name: "Shopper", host: "http://127.0.0.1:9000" });
  await leave();
});

it("keeps a chart as a picture", async () => {
  const { page, leave } = await visit({ history: 60 }, "#charts");
  for (const [title, name] of [["Rate", "rate"], ["Latency", "latency"]]) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: `Save ${title} as a picture` }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(new RegExp(`^${name}_\\d{4}-.*\\.png$`));
    const bytes = readFileSync(await download.path());
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect(bytes.length).toBeGreaterThan(2_000);
  }
  await leave();
});

it("shows errors in the logs from every tab, and the columns that were chosen before", async () => {
  const { page, mock, leave } = await visit({ history: 60 }, "#statistics");
  mock.log("host/ERROR/root: something broke");
  await page.getByRole("tab", { name: "Logs 1 errors" }).waitFor();
  await page.getByText("Columns", { exact: true }).click();
  await page.getByLabel("Min", { exact: true }).uncheck();
  await page.getByLabel("p99.9").check();
  await page.keyboard.press("Escape");
  expect(await page.getByLabel("p99.9").isVisible()).toBe(false);
  await page.reload();
  await page.getByRole("columnheader", { name: "p99.9" }).waitFor();
  expect(await page.getByRole("columnheader", { name: "Min" }).count()).toBe(0);
  await page.getByText("Columns", { exact: true }).click();
  await page.getByRole("button", { name: "Default columns" }).click();
  await page.getByRole("columnheader", { name: "Min" }).waitFor();
  expect(await page.getByRole("columnheader", { name: "p99.9" }).count()).toBe(0);
  await leave();
});

it("changes users, pauses, resumes, stops and resets", async () => {
  const { page, mock, leave } = await visit({ history: 60 });
  await page.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Users").fill("250");
  await dialog.getByRole("button", { name: "Change" }).click();
  await page.getByText("Going to 250 users").waitFor();
  for (let second = 0; second < 4; second += 1) mock.tick();
  await expect.poll(() => page.textContent(figure("Users"))).toContain("250");

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("users stay, no new task starts").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();

  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect(mock.calls.some(({ path }) => path === "run/reset")).toBe(false);
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click();
  await page.getByText("Statistics were reset").waitFor();

  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "New run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await page.getByText("Spawning", { exact: true }).waitFor();
  await leave();
});

it("shows a failure with its exchange and copies its curl line", async () => {
  const { page, leave } = await visit({ history: 60 }, "#failures", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByRole("button", { name: /503 Server Error/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("overloaded, try again").waitFor();
  expect(await dialog.textContent()).toContain("the rest was not kept");
  await dialog.getByRole("button", { name: "Copy as curl" }).click();
  await dialog.getByRole("button", { name: "Copied" }).waitFor();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).toMatch(/^curl -X POST http:\/\/127\.0\.0\.1:8000\/api\/orders /);
  expect(line).not.toContain("Bearer");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  await leave();
});

it("sorts, filters, groups and chooses columns of the statistics", async () => {
  const { page, leave } = await visit({ entries: 60, history: 60 }, "#statistics");
  const names = () => page.locator("tbody tr:not(.gap) th").allTextContents();
  await page.getByRole("columnheader", { name: "Requests" }).getByRole("button").click();
  expect(await page.getByRole("columnheader", { name: "Requests" }).getAttribute("aria-sort")).toBe("descending");
  const counts = (await page.locator("tbody tr:not(.gap) td:nth-child(3)").allTextContents()).map((text) => Number(text.replaceAll(",", "")));
  expect(counts).toEqual([...counts].sort((a, b) => b - a));

  await page.getByRole("searchbox").fill("orders stock");
  await expect.poll(async () => (await names()).every((name) => /orders.*stock/.test(name))).toBe(true);
  await page.getByRole("searchbox").fill("");
  await page.getByLabel("Group").selectOption("1");
  await expect.poll(async () => (await names()).every((name) => name.startsWith("/api/…"))).toBe(true);
  await page.getByLabel("Group").selectOption("0");

  await page.getByText("Columns", { exact: true }).click();
  await page.getByLabel("p99.9").check();
  await page.getByLabel("Status codes").check();
  await page.getByLabel("Phases, average").check();
  for (const title of ["p99.9", "Status", "Waiting"]) await page.getByRole("columnheader", { name: title }).first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator("tbody button.link").first().click();
  await page.getByRole("dialog").getByText("Distribution").waitFor();
  await leave();
});

it("downloads what a run leaves", async () => {
  const { page, leave } = await visit({ history: 60 }, "#downloads");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Statistics", exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("Locust_requests.csv");
  const links = await page.locator(".links a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  expect(links).toContain("stats/failures/csv");
  expect(links).toContain("exceptions/csv");
  expect(links).toContain("stats/requests_full_history/csv");
  expect(links.some((href) => href?.startsWith("stats/report?download=1"))).toBe(true);
  await leave();
});

it("follows the logs and stops to when one scrolls up", async () => {
  const { page, mock, leave } = await visit({ history: 60 }, "#logs");
  for (let line = 0; line < 200; line += 1) mock.log(`host/INFO/root: line ${line}`);
  await page.getByText("line 199").waitFor();
  expect(await page.locator(".log div div div").count()).toBeLessThan(120);
  await page.locator(".log").evaluate((log) => (log.scrollTop = 0));
  await expect.poll(() => page.getByLabel("Follow").isChecked()).toBe(false);
  await page.getByRole("searchbox").fill("line 17");
  await page.getByText("11 lines").waitFor();
  await leave();
});

it("says that the generator was the limit", async () => {
  const { page, leave } = await visit({ history: 60 }, "", {}, (mock) => {
    mock.limited = true;
  });
  await page.getByText("The generator was the limit, not the server.").waitFor();
  await page.getByText("use --processes 2").waitFor();
  await leave();
});

it("says that the connection is lost, and finds it again without a gap", async () => {
  const { page, mock, leave } = await visit({ history: 60 }, "#charts");
  await page.getByText("Running", { exact: true }).waitFor();
  await page.context().setOffline(true);
  for (const follower of (mock as unknown as { followers: Set<{ destroy: () => void }> }).followers) follower.destroy();
  await page.getByText("The connection is lost").waitFor();
  for (let second = 0; second < 5; second += 1) mock.tick();
  await page.context().setOffline(false);
  await page.getByText("The connection is lost").waitFor({ state: "detached", timeout: 15_000 });
  await expect.poll(() => page.textContent(figure("Time"))).toContain("1 min 5 s");
  await leave();
});

it("sends those who are refused to the form for signing in", async () => {
  const { page, mock, leave } = await visit({ history: 60 });
  await page.getByText("Running", { exact: true }).waitFor();
  mock.refuses = true;
  mock.auth_args = { title: "Shop tests", username_password_callback: "/login_submit", error: "Wrong password", auth_providers: [{ label: "Provider", callback_url: "/provider" }] };
  for (const follower of (mock as unknown as { followers: Set<{ destroy: () => void }> }).followers) follower.destroy();
  await page.getByText("You are not signed in").waitFor();
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("User name").waitFor();
  expect(await page.title()).toBe("Shop tests");
  expect(await page.getByRole("alert").textContent()).toBe("Wrong password");
  const form = page.getByRole("form");
  expect([await form.getAttribute("method"), await form.getAttribute("action")]).toEqual(["post", "/login_submit"]);
  expect(await page.getByRole("link", { name: "Provider" }).getAttribute("href")).toBe("/provider");
  await leave();
});

it("shows script in names and messages as text", async () => {
  const { page, mock, leave } = await visit({ history: 60 }, "#failures");
  mock.log("host/INFO/root: <img src=x onerror=window.broken=1>");
  await page.getByText("<script>window.broken=1</script>").first().waitFor();
  await page.getByRole("tab", { name: "Logs" }).click();
  await page.getByText("<img src=x onerror").waitFor();
  await page.goto(`${page.url().split("#")[0]}stats/report`);
  await page.getByText("<script>window.broken=1</script>").first().waitFor();
  expect(await page.evaluate(() => (window as { broken?: number }).broken)).toBeUndefined();
  await leave();
});

it("shows the tabs and tables that a locustfile adds", async () => {
  const template_args = {
    extended_tabs: [{ title: "Sizes", key: "sizes" }],
    extended_tables: [{ key: "sizes", structure: [{ key: "name", title: "Name" }, { key: "bytes", title: "Bytes" }] }],
    extended_csv_files: [{ href: "/sizes/csv", title: "Sizes" }],
  };
  const { page, leave } = await visit({ history: 60, template_args }, "", {}, (mock) => {
    mock.extended = [{ key: "sizes", data: [{ name: "/a", bytes: 12 }] }];
  });
  await page.getByRole("tab", { name: "Sizes" }).click();
  await page.getByRole("rowheader", { name: "/a" }).waitFor();
  await page.getByRole("tab", { name: "Downloads" }).click();
  await page.locator('a[href="/sizes/csv"]').waitFor();
  await leave();
});
