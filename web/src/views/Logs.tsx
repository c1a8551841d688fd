// The log of this process and of its workers.

import { useEffect, useMemo, useRef, useState } from "react";
import type { Logs as LogLines } from "../api/types.ts";
import { levelOf } from "../model/state.ts";
import { visible } from "../model/table.ts";
import { count } from "../model/units.ts";
import { Filter } from "../parts/Filter.tsx";

const LINE = 20;
const HERE = "this process";

export function Logs({ logs }: { logs: LogLines }) {
  const [process, setProcess] = useState(HERE);
  const [filter, setFilter] = useState("");
  const [follows, setFollows] = useState(true);
  const source = process === HERE ? logs.master : (logs.workers[process] ?? []);
  const lines = useMemo(() => {
    const all = source.flatMap((line) => line.replace(/\n$/, "").split("\n"));
    const wanted = filter.toLowerCase();
    return wanted === "" ? all : all.filter((line) => line.toLowerCase().includes(wanted));
  }, [source, filter]);
  const workers = Object.keys(logs.workers);

  return (
    <section aria-label="Logs">
      <div className="bar">
        <Filter label="Filter lines" text={filter} onText={setFilter} />
        {workers.length > 0 && (
          <label className="inline">
            Of{" "}
            <select value={process} onChange={(event) => setProcess(event.target.value)}>
              {[HERE, ...workers].map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          </label>
        )}
        <label className="inline">
          <input type="checkbox" checked={follows} onChange={(event) => setFollows(event.target.checked)} /> Follow
        </label>
        <span className="hint">{count(lines.length)} lines</span>
      </div>
      {lines.length === 0 ? (
        <p className="empty">{filter === "" ? "Nothing has been logged." : "No line matches this filter."}</p>
      ) : (
        <Lines lines={lines} follows={follows} onScrollUp={() => setFollows(false)} />
      )}
    </section>
  );
}

/** Only the lines in sight exist, as with tables. */
function Lines({ lines, follows, onScrollUp }: { lines: string[]; follows: boolean; onScrollUp: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const [first, last] = visible(view.top, view.height, LINE, lines.length, 20);
  const bottom = useRef(0);

  useEffect(() => {
    const shown = place.current;
    if (shown !== null && follows) shown.scrollTop = shown.scrollHeight;
  }, [lines, follows]);

  function onScroll(event: React.UIEvent<HTMLDivElement>): void {
    const { scrollTop, clientHeight } = event.currentTarget;
    if (follows && scrollTop < bottom.current - LINE) onScrollUp();
    bottom.current = scrollTop;
    setView({ top: scrollTop, height: clientHeight });
  }

  return (
    <div className="log" role="log" aria-live="off" aria-label="Lines" tabIndex={0} ref={place} onScroll={onScroll}>
      <div style={{ height: lines.length * LINE }}>
        <div style={{ transform: `translateY(${first * LINE}px)` }}>
          {lines.slice(first, last).map((line, index) => (
            <div key={first + index} className={levelOf(line)}>
              {line}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
