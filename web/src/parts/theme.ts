// Which theme is shown, and which colours does a canvas take from it?
//
// The choice is an attribute of the root element; the colours are CSS variables, so only canvases need to ask.

import { useSyncExternalStore } from "react";
import { recall, remember } from "./memory.ts";

export type Theme = "system" | "light" | "dark";
const KEY = "theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
/** Colours as they were computed last: to compute one the browser has to bring all styles up to date. */
const inks = new Map<string, string>();
let isPrinted = false;

function tell(): void {
  inks.clear();
  for (const listener of listeners) listener();
}

dark.addEventListener("change", tell);
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));

function print(now: boolean): void {
  isPrinted = now;
  show(chosen());
  tell();
}

/** What was chosen, here or in an earlier visit. */
export function chosen(): Theme {
  const value = document.documentElement.dataset.choice ?? recall(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

export function choose(theme: Theme): void {
  document.documentElement.dataset.choice = theme;
  remember(KEY, theme);
  show(theme);
  tell();
}

/** Applies a theme to the document; paper is always light. */
export function show(theme: Theme): void {
  const root = document.documentElement;
  const shown = isPrinted ? "light" : theme;
  if (shown === "system") delete root.dataset.theme;
  else root.dataset.theme = shown;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useChosen(): Theme {
  return useSyncExternalStore(subscribe, chosen);
}

/** Light or dark, as it is seen: what a canvas has to be drawn anew for. */
export function useShown(): "light" | "dark" {
  return useSyncExternalStore(subscribe, () => {
    const { theme } = document.documentElement.dataset;
    if (theme === "light" || theme === "dark") return theme;
    return dark.matches ? "dark" : "light";
  });
}

/** Whether this is drawn for paper, on which nothing scrolls. */
export function useIsPrinted(): boolean {
  return useSyncExternalStore(subscribe, () => isPrinted);
}

/** A CSS variable's colour as the document shows it now. */
export function ink(variable: string): string {
  const known = inks.get(variable);
  if (known !== undefined) return known;
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  inks.set(variable, colour);
  return colour;
}
