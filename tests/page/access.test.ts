// Can the page be used with a keyboard, a screen reader, bad eyes and a phone? Assertions by hand, of what ARIA and WCAG 2.2 AA ask.

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openBrowser, visit } from "./browser.ts";

openBrowser();

const TABS = ["charts", "statistics", "failures", "exceptions", "users", "workers", "logs", "downloads"];

/** What a checker would say of the document as it is now. */
function flaws(): string[] {
  const found: string[] = [];
  const shown = (element: Element) => element.checkVisibility({ visibilityProperty: true });
  const named = (element: Element) => {
    const by = element.getAttribute("aria-labelledby");
    const text = by === null ? element.getAttribute("aria-label") : document.getElementById(by)?.textContent;
    const labels = (element as HTMLInputElement).labels;
    return (text ?? (labels?.length ? labels[0]?.textContent : element.textContent) ?? "").trim() !== "";
  };
  const tell = (element: Element, what: string) => found.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  for (const element of document.querySelectorAll("button, a[href], input, select, [role=tab], [role=region], [role=img], dialog")) {
    if (shown(element) && !named(element)) tell(element, "no name");
  }
  for (const attribute of ["aria-describedby", "aria-labelledby", "aria-controls", "for"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      const id = element.getAttribute(attribute) ?? "";
      if (document.getElementById(id) === null) tell(element, `${attribute} names nothing`);
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id twice: ${id}`);
  for (const image of document.querySelectorAll("img:not([alt])")) tell(image, "no alt");
  for (const cell of document.querySelectorAll("thead th:not([scope])")) tell(cell, "no scope");
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  if (document.documentElement.lang === "") found.push("no language");
  for (const element of document.querySelectorAll(".table-place, .log, pre")) {
    if (shown(element) && (element as HTMLElement).tabIndex !== 0) tell(element, "scrolls, and no key reaches it");
  }
  return found;
}

/** Texts whose colour is too near to what is behind them: 4.5 to 1, or 3 to 1 where they are large. */
function faint(): string[] {
  const parse = (colour: string) => {
    const numbers = (colour.match(/[\d.]+/g) ?? []).map(Number);
    return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
  };
  const light = (rgb: number[]) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const over = (top: { rgb: number[]; alpha: number }, below: number[]) =>
    top.rgb.map((value, index) => value * top.alpha + (below[index] as number) * (1 - top.alpha));
  const behind = (element: Element): number[] => {
    const colour = parse(getComputedStyle(element).backgroundColor);
    if (colour.alpha === 1) return colour.rgb;
    const below = element.parentElement === null ? [255, 255, 255] : behind(element.parentElement);
    return over(colour, below);
  };
  const found: string[] = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== "");
    if (!own || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen, .skip, :disabled, option")) continue;
    const style = getComputedStyle(element);
    const below = behind(element);
    let opacity = 1;
    for (let at: Element | null = element; at !== null; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const ink = parse(style.color);
    const [high, low] = [light(over({ rgb: ink.rgb, alpha: ink.alpha * opacity }, below)), light(below)].sort((a, b) => b - a) as [number, number];
    const ratio = (high + 0.05) / (low + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${element.tagName} "${element.textContent?.slice(0, 40)}"`);
  }
  return [...new Set(found)];
}

async function open(page: Page, tab: string): Promise<void> {
  await page.locator(`#tab-${tab}`).click();
  await page.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
}

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  it("every tab has names, references that hold, and contrast", async () => {
    const { page, leave } = await visit({ history: 120 }, "", { colorScheme }, (mock) => {
      mock.distributed = true;
      mock.limited = true;
    });
    for (const tab of TABS) {
      await open(page, tab);
      expect(await page.evaluate(flaws), tab).toEqual([]);
      expect(await page.evaluate(faint), tab).toEqual([]);
    }
    await leave();
  });

  it("so have form, dialogs, report and sign-in", async () => {
    const { page, url, leave } = await visit({}, "", { colorScheme }, (mock) => {
      mock.auth_args = { username_password_callback: "/x", error: "Wrong password", custom_form: null };
    });
    await page.getByLabel("Users", { exact: true }).fill("x");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("button", { name: "More of Shopper" }).press("Enter");
    await page.getByLabel("Host of Shopper").waitFor();
    const look = async (what: string) => {
      expect(await page.evaluate(flaws), what).toEqual([]);
      expect(await page.evaluate(faint), what).toEqual([]);
    };
    await look("form");
    await page.getByRole("button", { name: "Help" }).click();
    await look("help");
    await page.goto(`${url}login`);
    await page.getByLabel("Password").waitFor();
    await look("sign-in");
    await leave();
    const other = await visit({ history: 120 }, "stats/report", { colorScheme });
    await other.page.getByRole("heading", { name: "Charts" }).waitFor();
    expect(await other.page.evaluate(flaws)).toEqual([]);
    expect(await other.page.evaluate(faint)).toEqual([]);
    await other.leave();
  });
});

describe("by keyboard", () => {
  it("a menu opens, and Escape closes it and gives the focus back", async () => {
    const { page, leave } = await visit({ history: 60 }, "#statistics");
    await page.getByText("Columns", { exact: true }).press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.getByLabel("Method", { exact: true }).evaluate((box) => box === document.activeElement)).toBe(true);
    await page.keyboard.press("Space");
    await expect.poll(() => page.getByRole("columnheader", { name: "Method" }).count()).toBe(0);
    expect(await page.evaluate(flaws)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Columns");
    expect(await page.getByLabel("Method", { exact: true }).isVisible()).toBe(false);
    await leave();
  });

  it("tabs are one stop, and arrows move", async () => {
    const { page, leave } = await visit({ history: 60 });
    await page.locator("#tab-charts").focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("tab-statistics");
    expect(await page.locator("[role=tab][tabindex='0']").count()).toBe(1);
    await page.keyboard.press("End");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("tab-downloads");
    await page.keyboard.press("Home");
    expect(page.url()).toMatch(/#charts$/);
    await leave();
  });

  it("the first stop skips the head, then come head, tabs and view", async () => {
    const { page, leave } = await visit({ history: 60 }, "#statistics");
    await page.getByRole("tab", { name: "Statistics" }).waitFor();
    const stops: string[] = [];
    for (let stop = 0; stop < 9; stop += 1) {
      await page.keyboard.press("Tab");
      stops.push(await page.evaluate(() => (document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").trim()));
    }
    expect(stops).toEqual(["Skip to the view", "Edit", "Pause", "Reset", "Stop", "Theme", "Help and shortcuts", "Statistics", "Filter by name or method"]);
    await leave();
  });

  it("shortcuts work outside fields, and ask before they end something", async () => {
    const { page, mock, leave } = await visit({ history: 60 });
    await page.getByText("Running", { exact: true }).waitFor();
    await page.keyboard.press("2");
    expect(await page.getByRole("tab", { name: "Statistics" }).getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("/");
    await page.keyboard.type("sp");
    expect(await page.getByRole("searchbox").inputValue()).toBe("sp");
    expect(mock.calls.some(({ method }) => method === "POST")).toBe(false);
    await page.getByRole("searchbox").blur();
    await page.keyboard.press("s");
    await page.getByRole("dialog", { name: "Stop the run?" }).waitFor();
    await page.keyboard.press("Escape");
    expect(mock.calls.some(({ path }) => path === "run/stop")).toBe(false);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Help" }).getByRole("checkbox").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("s");
    expect(await page.getByRole("dialog").count()).toBe(0);
    await leave();
  });

  it("a dialog takes the focus and gives it back", async () => {
    const { page, leave } = await visit({ history: 60 });
    await page.getByRole("button", { name: "Edit" }).press("Enter");
    const dialog = page.getByRole("dialog");
    expect(await dialog.evaluate((shown) => shown.contains(document.activeElement))).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Edit");
    await leave();
  });
});

it("changes of state are announced", async () => {
  const { page, leave } = await visit({ history: 60 });
  const said = page.locator("p.unseen[role=status]");
  await expect.poll(() => said.textContent()).toBe("The run is running.");
  await page.getByRole("button", { name: "Pause" }).click();
  await expect.poll(() => said.textContent()).toBe("The run is paused.");
  await leave();
});

it("nothing is wider than a phone", async () => {
  const { page, leave } = await visit({ history: 60 }, "", { viewport: { width: 360, height: 740 } }, (mock) => {
    mock.distributed = true;
  });
  for (const tab of TABS) {
    await open(page, tab);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), tab).toBeLessThanOrEqual(360);
  }
  await leave();
});

it("the theme that was chosen stays", async () => {
  const { page, leave } = await visit({}, "", { colorScheme: "light" });
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await page.getByLabel("Theme").selectOption("dark");
  expect(await colour()).not.toBe(light);
  await page.reload();
  await page.getByLabel("Theme").waitFor();
  expect(await colour()).not.toBe(light);
  await page.getByLabel("Theme").selectOption("system");
  expect(await colour()).toBe(light);
  await leave();
});
