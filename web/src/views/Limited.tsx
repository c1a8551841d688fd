// Says when it was the generator and not the server that set the pace.

import type { Generator } from "../api/types.ts";
import { milliseconds } from "../model/units.ts";

export function Limited({ generator }: { generator: Generator | null }) {
  if (generator?.limited !== true) return null;
  const limit = generator.limit_ms === null ? "" : `, above the limit of ${milliseconds(generator.limit_ms)}`;
  return (
    <div className="banner warn" role="alert">
      <b>The generator was the limit, not the server.</b> {late(generator)} (p99){limit}: the rate would have been higher
      otherwise. {sentence(generator.remedy ?? "use more processes or workers")}
    </div>
  );
}

/** Which of the two delays it was: it read answers late, or it sent requests late. */
export function late({ lag_p99_ms, start_lag_p99_ms }: Generator): string {
  return (start_lag_p99_ms ?? 0) > (lag_p99_ms ?? 0)
    ? `Requests were sent ${milliseconds(start_lag_p99_ms)} later than they were meant to be`
    : `Its lag reached ${milliseconds(lag_p99_ms)}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
