// How is a number written?
//
// With its unit, as precisely as it is known and no more, in the reader's language. What does not exist is a dash.

export const NOTHING = "–";

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const three = new Intl.NumberFormat(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const two = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const dayTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

type Maybe = number | null | undefined;

function known(value: Maybe): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** The digits that matter: 0.042, 0.42, 4.20, 42.0, 420, 4,200. */
export function figure(value: Maybe): string {
  if (!known(value)) return NOTHING;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.1) return three.format(value);
  if (size < 10) return two.format(value);
  return size < 100 ? one.format(value) : whole.format(value);
}

export function count(value: Maybe): string {
  return known(value) ? whole.format(value) : NOTHING;
}

export function milliseconds(value: Maybe): string {
  if (!known(value)) return NOTHING;
  return value >= 10_000 ? `${figure(value / 1000)} s` : `${figure(value)} ms`;
}

/** Times per second; whole numbers stay whole. */
export function rate(value: Maybe): string {
  if (!known(value)) return NOTHING;
  return Math.abs(value) < 1_000 && !Number.isInteger(value) ? one.format(value) : whole.format(value);
}

export function percent(share: Maybe): string {
  if (!known(share)) return NOTHING;
  const value = share * 100;
  if (value === 0) return "0 %";
  if (value < 0.01) return "< 0.01 %";
  return value < 10 ? `${two.format(value)} %` : `${one.format(value)} %`;
}

const SIZES = ["B", "kB", "MB", "GB", "TB"];

export function bytes(value: Maybe): string {
  if (!known(value)) return NOTHING;
  let size = value;
  let step = 0;
  while (size >= 1000 && step < SIZES.length - 1) {
    size /= 1000;
    step += 1;
  }
  return step === 0 ? `${whole.format(size)} B` : `${figure(size)} ${SIZES[step]}`;
}

/** 75 is "1 min 15 s". */
export function duration(seconds: Maybe): string {
  if (!known(seconds)) return NOTHING;
  const all = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(all / 86_400), "d"],
    [Math.floor(all / 3600) % 24, "h"],
    [Math.floor(all / 60) % 60, "min"],
    [all % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

export function clock(at: Maybe): string {
  return known(at) ? time.format(at * 1000) : NOTHING;
}

export function moment(at: Maybe): string {
  return known(at) ? dayTime.format(at * 1000) : NOTHING;
}

/** 0.95 is "p95", 0.999 "p99.9", 1 "max". */
export function percentileName(percentile: number | string): string {
  const value = Number(percentile);
  return value >= 1 ? "max" : `p${Number((value * 100).toFixed(4))}`;
}

const SPAN = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/;

/** Seconds of a time span as the command takes it ("90", "20s", "1h30m"), null if it is none. */
export function timeSpan(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return Number(trimmed);
  const match = /^\d/.test(trimmed) && /[hms]$/.test(trimmed) ? SPAN.exec(trimmed) : null;
  if (match === null) return null;
  const [, hours, minutes, seconds] = match;
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
}

/** The span as it is typed: 5400 is "1h30m". */
export function typedSpan(value: number | string | null): string {
  if (value === null || value === "") return "";
  const all = typeof value === "number" ? value : timeSpan(value);
  if (all === null) return String(value);
  const parts: [number, string][] = [
    [Math.floor(all / 3600), "h"],
    [Math.floor(all / 60) % 60, "m"],
    [all % 60, "s"],
  ];
  return parts.filter(([part]) => part > 0).map(([part, unit]) => `${part}${unit}`).join("") || "0s";
}
