// Which rows does a table show, and in which order?

import type { Entry } from "../api/types.ts";

export interface Order {
  by: string;
  descending: boolean;
}

/** A row of the statistics: an entry, or the sum of those whose names begin alike. */
export interface Row extends Entry {
  /** How many entries it stands for; not there when it is one of them. */
  members?: number;
}

/** The rows whose line contains every word of the text. */
export function matching<T>(rows: readonly T[], text: string, lineOf: (row: T) => string): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const line = lineOf(row).toLowerCase();
    return words.every((word) => line.includes(word));
  });
}

export function methodAndName({ method, name }: { method: string; name: string }): string {
  return `${method} ${name}`;
}

// One collator for all comparisons: making it is what makes localeCompare slow.
const { compare: byWords } = new Intl.Collator(undefined, { numeric: true });

/** Stable, with what does not exist at the end whichever way the order goes. */
export function sorted<T>(rows: readonly T[], value: (row: T) => string | number | null, descending: boolean): readonly T[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: value(row) }))
    .sort((a, b) => {
      if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
      return typeof a.key === "number" && typeof b.key === "number"
        ? sign * (a.key - b.key)
        : sign * byWords(String(a.key), String(b.key));
    })
    .map(({ row }) => row);
}

/** The first `depth` parts of a path-like name: "/api/users/7" at 2 is "/api/users". */
export function prefixOf(name: string, depth: number): string {
  const path = name.replace(/^[a-z]+:\/\/[^/]+/i, "").split(/[?#]/)[0] ?? "";
  const parts = path.split("/").filter(Boolean);
  if (parts.length <= depth) return name;
  return `${path.startsWith("/") ? "/" : ""}${parts.slice(0, depth).join("/")}/…`;
}

/** One row for each method and prefix; depth 0 leaves every entry for itself. */
export function grouped(entries: readonly Entry[], depth: number): readonly Row[] {
  if (depth === 0) return entries;
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = `${entry.method} ${prefixOf(entry.name, depth)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].map((members) => sum(members, depth));
}

/** Counts and rates add up, averages are weighted. Percentiles of several entries cannot be known from theirs: they are null. */
function sum(members: readonly Entry[], depth: number): Row {
  const [first] = members as [Entry, ...Entry[]];
  if (members.length === 1) return first;
  const status: Record<string, number> = {};
  for (const entry of members) {
    for (const [code, times] of Object.entries(entry.status ?? {})) status[code] = (status[code] ?? 0) + times;
  }
  return {
    method: first.method,
    name: prefixOf(first.name, depth),
    requests: added(members, (entry) => entry.requests) ?? 0,
    failures: added(members, (entry) => entry.failures) ?? 0,
    rps: added(members, (entry) => entry.rps),
    fail_per_s: added(members, (entry) => entry.fail_per_s),
    avg_ms: weighted(members, (entry) => entry.avg_ms),
    avg_bytes: weighted(members, (entry) => entry.avg_bytes),
    min_ms: extreme(members, (entry) => entry.min_ms, Math.min),
    max_ms: extreme(members, (entry) => entry.max_ms, Math.max),
    median_ms: null,
    percentiles: {},
    status,
    phases: {},
    members: members.length,
  };
}

type Value = (entry: Entry) => number | null;

function added(members: readonly Entry[], value: Value): number | null {
  const values = members.map(value).filter((one) => one !== null);
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0);
}

function weighted(members: readonly Entry[], value: Value): number | null {
  let weight = 0;
  let total = 0;
  for (const entry of members) {
    const one = value(entry);
    if (one === null) continue;
    weight += entry.requests;
    total += one * entry.requests;
  }
  return weight === 0 ? null : total / weight;
}

function extreme(members: readonly Entry[], value: Value, choose: (...values: number[]) => number): number | null {
  const values = members.map(value).filter((one) => one !== null);
  return values.length === 0 ? null : values.reduce((a, b) => choose(a, b));
}

/** The rows to draw of a list that scrolls: first and last index, with some beyond the edges. */
export function visible(scrollTop: number, height: number, rowHeight: number, rows: number, beyond = 8): [number, number] {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - beyond);
  const last = Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + beyond);
  return [Math.min(first, last), last];
}
