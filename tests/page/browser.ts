// A Chromium that is already on the machine, and the mock to look at with it.

import { existsSync, readFileSync } from "node:fs";
import { type Browser, type BrowserContextOptions, type CDPSession, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { filled, Mock, serve } from "../../web/mock/server.mjs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** The built report, without data. */
export const TEMPLATE = new URL("../../web/dist/report.html", import.meta.url);

/** The browser of a file's tests, once `openBrowser` was called. */
export let browser: Browser;

/** Opens a browser before the first test of a file and closes it after the last. */
export function openBrowser(): void {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
}

async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) throw new Error("no Chromium is here: install one, or name it with CHROMIUM=/path");
  return chromium.launch({ executablePath, args: FLAGS });
}

export interface Visit {
  page: Page;
  mock: Mock;
  url: string;
  complaints: string[];
  leave: () => Promise<void>;
}

export interface MockOptions {
  entries?: number;
  history?: number;
  template_args?: object;
}

/** A mock of its own and a page that is open on it. */
export async function visit(
  options: MockOptions = {},
  path = "",
  context: BrowserContextOptions = {},
  prepare: (mock: Mock) => void = () => undefined,
): Promise<Visit> {
  const mock = new Mock(options);
  prepare(mock);
  const { url, close } = await serve(mock);
  const made = await browser.newContext({ locale: "en-US", timezoneId: "UTC", ...context });
  const page = await made.newPage();
  const complaints = complaintsOf(page);
  await page.goto(url + path);
  return {
    page,
    mock,
    url,
    complaints,
    leave: async () => {
      await made.close();
      await close();
    },
  };
}

/** What the page complains about in its console, and what it throws, from now on. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

/** A report with this data, where there is no network. */
export async function reportOf(data: object): Promise<Page> {
  const page = await browser.newPage({ offline: true });
  await page.setContent(filled(readFileSync(TEMPLATE, "utf8"), data));
  return page;
}

/** Bytes of the page's heap that are in use, and how many nodes its document has, after a collection. */
export async function memory(session: CDPSession): Promise<{ heap: number; nodes: number }> {
  // What a first collection finalises, a second one frees.
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { heap: value("JSHeapUsedSize"), nodes: value("Nodes") };
}
