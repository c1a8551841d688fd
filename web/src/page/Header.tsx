// The head of the page: which run this is, how it stands, and what can be done to it.

import type { Run, RunState } from "../api/types.ts";
import { isActive } from "../model/state.ts";
import { ThemeChoice } from "../parts/ThemeChoice.tsx";
import type { Actions } from "./actions.ts";

const STATES: Record<RunState, string> = {
  ready: "Ready",
  spawning: "Spawning",
  running: "Running",
  paused: "Paused",
  cleanup: "Cleaning up",
  stopping: "Stopping",
  stopped: "Stopped",
  missing: "No runner",
};

export interface HeaderProps {
  run: Run | null;
  actions: Actions;
  onEdit: () => void;
  onNew: () => void;
  onReset: () => void;
  onHelp: () => void;
  hasForm: boolean;
  /** Whether there are pages about stored runs. */
  hasHistory: boolean;
}

export function Header(props: HeaderProps) {
  const { run } = props;
  return (
    <header className="head">
      <div className="head-name">
        <h1>katydid</h1>
        {run !== null && (
          <span className={`state ${run.state}`}>
            <i aria-hidden="true" />
            {STATES[run.state] ?? run.state}
          </span>
        )}
        <span className="head-what" title={run?.host ?? undefined}>
          {[run?.host, run?.locustfile, run?.profile, run?.shape].filter(Boolean).join(" · ")}
        </span>
      </div>
      <div className="head-tools">
        <Controls {...props} />
        {props.hasHistory && <a href="history">Stored runs</a>}
        <ThemeChoice />
        <button type="button" className="quiet" aria-label="Help and shortcuts" title="Help (?)" onClick={props.onHelp}>
          ?
        </button>
      </div>
    </header>
  );
}

function Controls({ run, actions, onEdit, onNew, onReset, hasForm }: HeaderProps) {
  if (run === null) return null;
  if (!isActive(run)) {
    return (
      <>
        {run.state === "stopped" && (
          <button type="button" onClick={onReset}>
            Reset
          </button>
        )}
        {!hasForm && (
          <button type="button" className="primary" onClick={onNew}>
            New run
          </button>
        )}
      </>
    );
  }
  const isEnding = run.state === "stopping" || run.state === "cleanup";
  return (
    <>
      <button
        type="button"
        onClick={onEdit}
        disabled={isEnding || run.shape !== null}
        title={run.shape === null ? undefined : "the load shape decides on users and rate"}
      >
        Edit
      </button>
      {run.state === "paused" ? (
        <button type="button" onClick={actions.resume}>
          Resume
        </button>
      ) : (
        <button type="button" onClick={actions.pause} disabled={isEnding}>
          Pause
        </button>
      )}
      <button type="button" onClick={onReset}>
        Reset
      </button>
      <button type="button" className="danger" onClick={actions.stop} disabled={isEnding}>
        Stop
      </button>
    </>
  );
}
