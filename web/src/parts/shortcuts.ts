// Which keys do what?
//
// Single keys work only while no field has the focus and no dialog is open, and can be switched off: people who dictate need
// that.

import { useEffect, useRef } from "react";
import { recall, remember } from "./memory.ts";

const KEY = "shortcuts";

export function areOn(): boolean {
  return recall(KEY) !== "off";
}

export function switchOn(on: boolean): void {
  remember(KEY, on ? "on" : "off");
}

export interface Shortcut {
  key: string;
  does: string;
  run: () => void;
}

export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (!areOn() && event.key !== "?") return;
      const found = current.current.find((shortcut) => shortcut.key === event.key);
      if (found === undefined) return;
      event.preventDefault();
      found.run();
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
