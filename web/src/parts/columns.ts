// The columns that tables have in common: counts, shares, times, moments.

import { count, figure, moment, percent, rate } from "../model/units.ts";
import type { Column } from "./Table.tsx";

type Value<R> = (row: R) => number | null;

function number<R>(key: string, title: string, width: number, value: Value<R>, show: (value: number | null) => string): Column<R> {
  return { key, title, width, numeric: true, value, show: (row) => show(value(row)) };
}

/** How often something happened. */
export function counts<R>(key: string, title: string, value: Value<R>, width = 100): Column<R> {
  return number(key, title, width, value, count);
}

/** A part of a whole. */
export function shares<R>(key: string, title: string, value: Value<R>, width = 90): Column<R> {
  return number(key, title, width, value, percent);
}

/** Milliseconds. */
export function times<R>(key: string, title: string, value: Value<R>, width = 90): Column<R> {
  return { ...number(key, title, width, value, figure), unit: "ms" };
}

/** Times per second. */
export function rates<R>(key: string, title: string, value: Value<R>, width = 90): Column<R> {
  return { ...number(key, title, width, value, rate), unit: "/s" };
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
