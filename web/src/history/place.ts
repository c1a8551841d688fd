// Where in the history is the reader? The part of the address after the hash says so.

import { useEffect, useState } from "react";

export type Place = { is: "list" } | { is: "run"; run: string } | { is: "comparison"; before: string; after: string };

export function placeOf(hash: string): Place {
  const [kind, first, second] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  if (kind === "run" && first) return { is: "run", run: first };
  if (kind === "compare" && first && second) return { is: "comparison", before: first, after: second };
  return { is: "list" };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const LIST = "#/";

export function toRun(run: number | string): string {
  return `#/run/${encodeURIComponent(run)}`;
}

export function toComparison(before: number | string, after: number | string): string {
  return `#/compare/${encodeURIComponent(before)}/${encodeURIComponent(after)}`;
}

/** The place, and its name for what is to begin anew when it changes. */
export function usePlace(): [Place, string] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const read = () => setHash(location.hash);
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return [placeOf(hash), hash];
}
