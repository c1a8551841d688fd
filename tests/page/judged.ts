// What a judge says of a run, for tests: levels, thresholds, and how to read their tables.

import type { Page } from "playwright-core";

export function level(number: number, more: object) {
  const times = { avg_ms: 10, p50_ms: 9, p95_ms: 20 * number, p99_ms: 40, max_ms: 50 };
  const counts = { requests: 1000 * number, failures: 5, fail_ratio: 0.005 / number, rps: 33.5, seconds: 300 };
  const state = { state: "over", is_complete: true, is_asked: true, passed: true, allowance: null, broken: [], reference: "level 1" };
  return {
    ...{ scenario: null, number, title: `level ${number}`, users: 10 * number, spawn_rate: 1, degradation: null },
    ...times,
    ...counts,
    ...state,
    ...more,
  };
}

export function outcome(more: { text: string; passed: boolean; [key: string]: unknown }) {
  const measured = { value: 1540, limit: 2000, limit_shown: "2.000 s", unit: "ms", shown: "1.540 s", place: "", at_s: 60 };
  return { ...measured, state: more.passed ? "met" : "broken", now: null, now_shown: null, ...more };
}

/** The texts of a table's cells, line by line. */
export async function linesOf(page: Page, label: string): Promise<string[][]> {
  const lines = page.locator(`.table-place[aria-label="${label}"]`).locator("tbody tr:not(.gap)");
  return Promise.all((await lines.all()).map((line) => line.locator("th, td").allTextContents()));
}
