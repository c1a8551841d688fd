// The columns that tables have in common: counts, shares, times, durations, moments.

import type { ReactNode } from "react";
import { count, duration, figure, moment, percent, rate } from "../model/units.ts";
import type { Column } from "./Table.tsx";

type Value<R> = (row: R) => number | null;

/** Numbers with a look of their own. */
export function numbers<R>(key: string, title: string, value: Value<R>, show: (value: number | null) => ReactNode, width = 90): Column<R> {
  return { key, title, width, numeric: true, value, show: (row) => show(value(row)) };
}

/** How often something happened. */
export function counts<R>(key: string, title: string, value: Value<R>, width = 100): Column<R> {
  return numbers(key, title, value, count, width);
}

/** A part of a whole. */
export function shares<R>(key: string, title: string, value: Value<R>, width = 90): Column<R> {
  return numbers(key, title, value, percent, width);
}

/** Milliseconds. */
export function times<R>(key: string, title: string, value: Value<R>, width = 90): Column<R> {
  return { ...numbers(key, title, value, figure, width), unit: "ms" };
}

/** How long something took, in seconds. */
export function durations<R>(key: string, title: string, value: Value<R>, width = 110): Column<R> {
  return numbers(key, title, value, duration, width);
}

/** Times per second. */
export function rates<R>(key: string, title: string, value: Value<R>, width = 90): Column<R> {
  return { ...numbers(key, title, value, rate, width), unit: "/s" };
}

/** Seconds since the epoch. */
export function moments<R>(key: string, title: string, value: Value<R>, width = 212): Column<R> {
  return { key, title, width, value, show: (row) => moment(value(row)) };
}

/** What it is about: a method and a name. */
export function request<R extends { method: string; name: string }>(): Column<R>[] {
  return [
    { key: "method", title: "Method", width: 96, value: (row) => row.method },
    { key: "name", title: "Name", width: 240, value: (row) => row.name },
  ];
}
