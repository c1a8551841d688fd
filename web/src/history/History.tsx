// Stored runs: the list of them, one of them, or two held against each other.

import { type ReactNode, useEffect, useState } from "react";
import { archive } from "../api/stored.ts";
import type { Refusal } from "../api/client.ts";
import { ThemeChoice } from "../parts/ThemeChoice.tsx";
import { Report } from "../report/Report.tsx";
import { Comparison } from "../views/Comparison.tsx";
import { LIST, type Place, toRun, usePlace } from "./place.ts";
import { Runs } from "./Runs.tsx";

export function History({ hasRun }: { hasRun: boolean }) {
  const [place, name] = usePlace();
  const title = titleOf(place);
  useEffect(() => {
    document.title = `${title} · katydid`;
  }, [title]);
  return <View key={name} place={place} title={title} hasRun={hasRun} />;
}

function View({ place, title, hasRun }: { place: Place; title: string; hasRun: boolean }) {
  const home = hasRun ? <a href="./">The run</a> : null;
  if (place.is === "run") return <OneRun run={place.run} title={title} />;
  return (
    <>
      <a className="skip" href="#view">
        Skip to the view
      </a>
      <header className="head">
        <div className="head-name">
          <h1>{title}</h1>
        </div>
        <div className="head-tools">
          {place.is === "comparison" ? (
            <>
              <a href={LIST}>Stored runs</a>
              <a href={archive.comparisonReport(place)}>Download</a>
            </>
          ) : (
            home
          )}
          <ThemeChoice />
        </div>
      </header>
      <main id="view">{place.is === "list" ? <Runs /> : <TwoRuns before={place.before} after={place.after} />}</main>
    </>
  );
}

function titleOf(place: Place): string {
  switch (place.is) {
    case "list":
      return "Stored runs";
    case "run":
      return `Run ${place.run}`;
    case "comparison":
      return `Run ${place.after} held against ${place.before}`;
  }
}

function OneRun({ run, title }: { run: string; title: string }) {
  return (
    <Fetched what={() => archive.run(run)}>
      {(data) => (
        <Report
          data={{ ...data, title }}
          tools={
            <>
              <a href={LIST}>Stored runs</a>
              <a href={archive.reportOf(run)}>Download</a>
            </>
          }
        />
      )}
    </Fetched>
  );
}

function TwoRuns({ before, after }: { before: string; after: string }) {
  const [allow, setAllow] = useState("");
  const [typed, setTyped] = useState("");
  return (
    <>
      <form
        className="bar"
        aria-label="What is allowed"
        onSubmit={(event) => {
          event.preventDefault();
          setAllow(typed.trim());
        }}
      >
        <a href={toRun(before)}>Run {before}</a>
        <a href={toRun(after)}>Run {after}</a>
        <label className="inline">
          Allowed degradation{" "}
          <input className="short" placeholder="10%" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
        <button type="submit">Compare</button>
      </form>
      <Fetched key={allow} what={() => archive.comparison({ before, after, allow })}>
        {(comparison) => <Comparison comparison={comparison} />}
      </Fetched>
    </>
  );
}

/** What the server answers, once it has; until then, and if it does not, that is said. */
function Fetched<T>({ what, children }: { what: () => Promise<T>; children: (found: T) => ReactNode }) {
  const [found, setFound] = useState<T | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    what().then(
      (answer) => isCurrent && setFound(answer),
      (reason: Refusal) => isCurrent && setRefusal(reason.message),
    );
    return () => {
      isCurrent = false;
    };
    // What is fetched is the same for as long as this is shown: another place has another key.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  if (refusal !== null) {
    return (
      <p className="empty" role="alert">
        <span className="bad">{refusal}</span> <a href={LIST}>Stored runs</a>
      </p>
    );
  }
  return found === null ? <p className="empty">Reading the store…</p> : children(found);
}
