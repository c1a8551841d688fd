// Everything that is known of one name.

import { useEffect, useState } from "react";
import { server } from "../api/client.ts";
import { type Entry, type Histogram, PHASES, type PhaseTimes } from "../api/types.ts";
import { bytes, count, milliseconds, percent, percentileName, rate } from "../model/units.ts";
import { coarse, statusText } from "../model/summary.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Bars, Figure } from "../parts/figures.tsx";

/** How long it took on average, and how often there was one: most exchanges have no connect. */
function phaseText({ avg_ms, p95_ms, count: times }: PhaseTimes): string {
  const p95 = p95_ms === null ? "" : `, p95 ${milliseconds(p95_ms)}`;
  return `${milliseconds(avg_ms)}${p95}, ${count(times)} ×`;
}

export function EntryDetail({ entry, isLive, onClose }: { entry: Entry; isLive: boolean; onClose: () => void }) {
  const { method, name } = entry;
  const [histogram, setHistogram] = useState<Histogram | null>(null);
  useEffect(() => {
    if (!isLive) return undefined;
    let isCurrent = true;
    const ask = () =>
      server.histogram(method, name).then(
        (answer) => isCurrent && setHistogram(answer),
        () => undefined, // the rest of the dialog stands without it
      );
    void ask();
    const timer = setInterval(ask, 5_000);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [method, name, isLive]);

  return (
    <Dialog title={`${method} ${name}`} onClose={onClose} wide>
      <dl className="figures">
        <Figure title="Requests" text={count(entry.requests)} />
        <Figure title="Failures" text={`${count(entry.failures)} (${percent(share(entry))})`} />
        <Figure title="Rate" text={`${rate(entry.rps)}/s`} />
        <Figure title="Average" text={milliseconds(entry.avg_ms)} />
        <Figure title="Min" text={milliseconds(entry.min_ms)} />
        <Figure title="Max" text={milliseconds(entry.max_ms)} />
        <Figure title="Size" text={bytes(entry.avg_bytes)} />
      </dl>
      <h3>Percentiles</h3>
      <Bars
        rows={Object.entries(entry.percentiles)
          .sort(([a], [b]) => Number(a) - Number(b))
          .map(([key, value]) => ({ title: percentileName(key), value, text: milliseconds(value) }))}
      />
      <h3>Phases</h3>
      <Phases entry={entry} />
      {histogram !== null && histogram.count > 0 && (
        <>
          <h3>Distribution</h3>
          <Bars rows={coarse(histogram)} />
        </>
      )}
      <h3>Status codes</h3>
      <p>{statusText(entry) || "None was answered."}</p>
    </Dialog>
  );
}

function share(entry: Entry): number | null {
  return entry.requests === 0 ? null : entry.failures / entry.requests;
}

function Phases({ entry }: { entry: Entry }) {
  const rows = PHASES.map((phase) => ({ phase, times: entry.phases[phase] })).filter(({ times }) => times !== undefined);
  if (rows.length === 0) return <p>Phases are not known for this name.</p>;
  return (
    <Bars
      rows={rows.map(({ phase, times }) => ({
        title: phase,
        value: times?.avg_ms ?? null,
        text: phaseText(times as PhaseTimes),
      }))}
    />
  );
}
