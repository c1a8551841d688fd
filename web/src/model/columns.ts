// Which columns does the statistics table show?
//
// The name is always there. The choice is kept as text, which may come from another version of the page: what is unknown in it
// is left out.

/** What can be shown or hidden beside the percentiles, in the order of the table. */
export const COLUMNS = {
  method: "Method",
  requests: "Requests",
  failures: "Failures",
  rps: "Rate",
  fail_per_s: "Failing, per second",
  avg: "Average",
  min: "Min",
  max: "Max",
  bytes: "Size",
  status: "Status codes",
  phases: "Phases, average",
} as const;

export type ColumnKey = keyof typeof COLUMNS;

export interface Shown {
  percentiles: readonly string[];
  columns: readonly ColumnKey[];
}

const KEYS = Object.keys(COLUMNS) as ColumnKey[];
const AT_FIRST = KEYS.filter((key) => key !== "status" && key !== "phases");

/** The columns of somebody who has not chosen any: those of Locust, with its percentiles. */
export function firstColumns(percentiles: readonly number[]): Shown {
  const asked = percentiles.length > 0 ? percentiles : [0.95, 0.99];
  return { percentiles: ["0.5", ...asked.filter((value) => value !== 0.5).map(String)], columns: AT_FIRST };
}

/** The choice with one column more or less. */
export function toggled(shown: Shown, key: ColumnKey): Shown {
  const columns = KEYS.filter((other) => (other === key ? !shown.columns.includes(key) : shown.columns.includes(other)));
  return { ...shown, columns };
}

/** The choice with one percentile more or less, of those that are there. */
export function toggledPercentile(shown: Shown, key: string, available: readonly string[]): Shown {
  const has = shown.percentiles.includes(key);
  return { ...shown, percentiles: available.filter((other) => (other === key ? !has : shown.percentiles.includes(other))) };
}

export function asText(shown: Shown): string {
  return JSON.stringify(shown);
}

/** The choice that a text tells, or null if it tells none. */
export function fromText(text: string | null): Shown | null {
  if (text === null) return null;
  try {
    const { percentiles, columns } = JSON.parse(text) as { percentiles?: unknown; columns?: unknown };
    if (!Array.isArray(percentiles) || !Array.isArray(columns)) return null;
    return {
      percentiles: percentiles.filter((key): key is string => typeof key === "string" && Number(key) > 0 && Number(key) <= 1),
      columns: KEYS.filter((key) => columns.includes(key)),
    };
  } catch {
    return null;
  }
}
