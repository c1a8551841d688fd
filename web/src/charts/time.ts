// Which part of the past is shown, and how is its axis labelled?

export interface Range {
  from: number;
  to: number;
}

/** What the reader asked for: the last so many seconds, everything, or a part that was marked with the pointer. */
export type View = { last_s: number } | { all: true } | Range;

export const VIEWS: { title: string; view: View }[] = [
  { title: "5 min", view: { last_s: 300 } },
  { title: "15 min", view: { last_s: 900 } },
  { title: "1 h", view: { last_s: 3600 } },
  { title: "All", view: { all: true } },
];

const SHORTEST_S = 30;

/** The part of a list in order of time that a range shows, with the neighbours that its lines come from and lead to. */
export function within<T extends { at: number }>(points: readonly T[], { from, to }: Range): readonly T[] {
  const first = firstFrom(points, from);
  const beyond = firstFrom(points, to) + 1;
  return first <= 1 && beyond >= points.length ? points : points.slice(Math.max(0, first - 1), beyond);
}

/** The place of the first point that is not before a moment. */
function firstFrom(points: readonly { at: number }[], at: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as { at: number }).at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** From when to when a view of these points reaches. */
export function rangeOf(view: View, first: number | undefined, last: number | undefined): Range {
  if ("from" in view) return view;
  const to = last ?? Date.now() / 1000;
  const begin = first ?? to;
  const from = "last_s" in view ? Math.max(begin, to - view.last_s) : begin;
  return { from: Math.min(from, to - SHORTEST_S), to };
}

const seconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const minutes = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export function tick(at: number, step_s: number): string {
  return (step_s < 60 ? seconds : minutes).format(at * 1000);
}

const STEPS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** Round moments within a range, at most `most` of them. */
export function ticks(range: Range, most: number): { at: number; step_s: number }[] {
  const span = range.to - range.from;
  const step_s = STEPS.find((step) => span / step <= Math.max(1, most)) ?? 86_400;
  const found = [];
  for (let at = Math.ceil(range.from / step_s) * step_s; at <= range.to; at += step_s) found.push({ at, step_s });
  return found;
}

/** "Response time" becomes `response_time_2026-01-31-17-05-09.png`. */
export function pictureName(title: string, at: Date): string {
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  const when = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  return `${name}_${when.replaceAll(/[T:]/g, "-")}.png`;
}
