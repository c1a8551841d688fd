// The list of stored runs: filter and sort it, choose two to compare, give one a name, forget some.

import { useCallback, useEffect, useMemo, useState } from "react";
import { archive, type StoredRun, type StoredRuns } from "../api/stored.ts";
import { matching } from "../model/table.ts";
import { count, NOTHING } from "../model/units.ts";
import { counts, durations, moments, rates, shares, times } from "../parts/columns.ts";
import { Buttons, Confirm, Dialog } from "../parts/Dialog.tsx";
import { Field } from "../parts/Field.tsx";
import { Filter } from "../parts/Filter.tsx";
import { type Column, Table } from "../parts/Table.tsx";
import { toComparison, toRun } from "./place.ts";

const AGAIN_MS = 5_000;
const SOON_MS = 500;

export function Runs() {
  const [stored, setStored] = useState<StoredRuns | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [open, setOpen] = useState<"baseline" | "delete" | null>(null);
  const read = useCallback(() => archive.runs().then(setStored, (fault: Error) => setWrong(fault.message)), []);
  useReading(stored, read);

  const runs = useMemo(() => matching(stored?.runs ?? [], filter, lineOf), [stored, filter]);
  const columns = useMemo(() => columnsOf(chosen, setChosen), [chosen]);
  const act = (action: Promise<unknown>) =>
    action.then(
      () => {
        setWrong(null);
        setChosen([]);
        return read();
      },
      (fault: Error) => setWrong(fault.message),
    );

  if (stored === null) return <p className="empty">{wrong ?? "Reading the store…"}</p>;
  const [first, second] = [...chosen].sort((a, b) => a - b);
  return (
    <section aria-label="Stored runs">
      <div className="bar">
        <Filter label="Filter by name, host, profile or result" text={filter} onText={setFilter} />
        <button type="button" className="primary" disabled={chosen.length !== 2} onClick={() => go(toComparison(first as number, second as number))}>
          Compare
        </button>
        <button type="button" disabled={chosen.length !== 1} onClick={() => setOpen("baseline")}>
          Set as baseline
        </button>
        <button type="button" className="danger" disabled={chosen.length === 0} onClick={() => setOpen("delete")}>
          Delete
        </button>
        <span className="hint" role="status">
          {chosen.length > 0 ? `${count(chosen.length)} chosen of ` : ""}
          {count(runs.length)} runs in {stored.store}
        </span>
      </div>
      {wrong !== null && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
      <Table
        label="Stored runs"
        columns={columns}
        rows={runs}
        rowKey={(run) => String(run.run)}
        initial={{ by: "run", descending: true }}
        empty={stored.runs.length === 0 ? "No run is stored yet." : "Nothing matches this filter."}
      />
      {open === "baseline" && first !== undefined && (
        <Baseline run={first} names={stored.baselines.map(({ name }) => name)} onName={(name) => act(archive.setBaseline(name, first))} onClose={() => setOpen(null)} />
      )}
      {open === "delete" && (
        <Confirm
          title={chosen.length === 1 ? `Delete run ${first}?` : `Delete ${count(chosen.length)} runs?`}
          text="What they measured is gone for good, from the store and from every comparison."
          yes="Delete"
          onYes={() => void act(Promise.all(chosen.map(archive.remove)))}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}

function go(hash: string): void {
  location.hash = hash;
}

/** Reads the list now, and again while a run goes on or percentiles are missing. */
function useReading(stored: StoredRuns | null, read: () => Promise<void>): void {
  useEffect(() => {
    void read();
  }, [read]);
  useEffect(() => {
    const isMissing = (stored?.unread ?? 0) > 0;
    const goesOn = stored?.runs.some(({ state }) => state === "running") ?? false;
    if (!isMissing && !goesOn) return undefined;
    const timer = setTimeout(() => void read(), isMissing ? SOON_MS : AGAIN_MS);
    return () => clearTimeout(timer);
  }, [stored, read]);
}

function Baseline(props: { run: number; names: string[]; onName: (name: string) => Promise<void>; onClose: () => void }) {
  const { run, names, onName, onClose } = props;
  const [name, setName] = useState("main");
  return (
    <Dialog title={`Run ${run} as a baseline`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void onName(name.trim()).then(onClose);
        }}
      >
        <Field label="Name" help="others are held against it with katydid compare NAME; the run that had the name loses it">
          {(input) => (
            <>
              <input {...input} list="baselines" required value={name} onChange={(event) => setName(event.target.value)} />
              <datalist id="baselines">
                {names.map((known) => (
                  <option key={known} value={known} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Buttons onClose={onClose}>
          <button type="submit" className="primary">
            Set
          </button>
        </Buttons>
      </form>
    </Dialog>
  );
}

function resultOf(run: StoredRun): string {
  if (run.state !== "finished") return run.state;
  if (run.passed === null) return NOTHING;
  return run.passed ? "passed" : "failed";
}

function lineOf(run: StoredRun): string {
  return [run.run, run.locustfile, run.host, run.profile, resultOf(run), run.revision, ...run.baselines].join(" ");
}

function columnsOf(chosen: readonly number[], onChosen: (chosen: readonly number[]) => void): Column<StoredRun>[] {
  const toggle = (run: number) => onChosen(chosen.includes(run) ? chosen.filter((other) => other !== run) : [...chosen, run]);
  return [
    {
      key: "run",
      title: "Run",
      width: 110,
      value: (run) => run.run,
      show: (run) => (
        <span className="inline">
          <input type="checkbox" aria-label={`choose run ${run.run}`} checked={chosen.includes(run.run)} onChange={() => toggle(run.run)} />
          <a href={toRun(run.run)}>{run.run}</a>
        </span>
      ),
    },
    moments("began", "Began", (run) => run.started_at, 200),
    { key: "result", title: "Result", width: 100, value: resultOf, show: (run) => <Result run={run} /> },
    { key: "baseline", title: "Baseline", width: 120, value: (run) => run.baselines.join(", ") || null, show: (run) => <b>{run.baselines.join(", ")}</b> },
    { key: "locustfile", title: "Locustfile", width: 160, value: (run) => run.locustfile || null },
    { key: "profile", title: "Profile", width: 110, value: (run) => run.profile || null },
    counts("users", "Users", (run) => run.users, 80),
    durations("seconds", "Time", (run) => run.seconds),
    rates("rps", "Rate", (run) => run.rps),
    times("p95", "p95", (run) => run.p95_ms),
    shares("failed", "Failed", (run) => run.fail_ratio),
    counts("requests", "Requests", (run) => run.requests, 110),
    { key: "host", title: "Host", width: 220, value: (run) => run.host || null },
  ];
}

function Result({ run }: { run: StoredRun }) {
  const word = resultOf(run);
  return <span className={word === "failed" ? "bad" : word === "passed" ? "good" : "muted"}>{word}</span>;
}
