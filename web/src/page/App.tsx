// The page: the form before a run, the tabs during it and after.

import { useEffect, useRef, useState } from "react";
import type { Additions } from "../api/types.ts";
import type { Store } from "../model/store.ts";
import { useSlice } from "../model/store.ts";
import { isActive, type Link, type State } from "../model/state.ts";
import { clock } from "../model/units.ts";
import { Confirm, Dialog } from "../parts/Dialog.tsx";
import { type Shortcut, useShortcuts } from "../parts/shortcuts.ts";
import { type Tab, Tabs, useTab } from "../parts/Tabs.tsx";
import { choose, chosen } from "../parts/theme.ts";
import { nextTheme } from "../parts/ThemeChoice.tsx";
import { Limited } from "../views/Limited.tsx";
import { Numbers } from "../views/Numbers.tsx";
import { Start } from "../views/Start.tsx";
import { type Actions, type Notice, useActions } from "./actions.ts";
import { Edit, Help } from "./dialogs.tsx";
import { Header } from "./Header.tsx";
import { tabsOf } from "./tabs.tsx";

type Open = "edit" | "new" | "reset" | "stop" | "help" | null;

export function App({ store, additions }: { store: Store; additions: Additions }) {
  const state = useSlice(store, (all) => all);
  const { run, config } = state;
  const { actions, notice, dismiss } = useActions();
  const [open, setOpen] = useState<Open>(null);
  const tabs = tabsOf(store, state, additions);
  const [shown, go] = useTab(tabs);
  const hasForm = run !== null && config !== null && !isActive(run) && (state.total?.requests ?? 0) === 0 && run.state !== "stopped";
  const shortcuts = shortcutsOf({ state, actions, tabs, go, setOpen });
  useShortcuts(shortcuts);
  useTitle(state);

  return (
    <>
      <a className="skip" href="#view">
        Skip to the view
      </a>
      <Header
        run={run}
        actions={actions}
        hasForm={hasForm}
        hasHistory={config?.history_enabled === true}
        onEdit={() => setOpen("edit")}
        onNew={() => setOpen("new")}
        onReset={() => setOpen("reset")}
        onHelp={() => setOpen("help")}
      />
      <main>
        <LinkBanner link={state.link} />
        {run !== null && <Limited generator={run.generator} />}
        {run?.state === "paused" && (
          <div className="banner" role="status">
            Paused: users stay, no new task starts.
          </div>
        )}
        {hasForm ? (
          <div className="first">
            <h2>Start a run</h2>
            <Start config={config} onStart={actions.start} onUser={actions.changeUser} />
          </div>
        ) : (
          run !== null && (
            <>
              <Numbers run={run} total={state.total} now={isActive(run) ? state.past.at(-1) : undefined} />
              <Tabs tabs={tabs} shown={shown} onShow={go} />
            </>
          )
        )}
      </main>
      <Announcer notice={notice} state={state} onDismiss={dismiss} />
      {open === "edit" && run !== null && <Edit run={run} onChange={actions.change} onClose={() => setOpen(null)} />}
      {open === "new" && config !== null && (
        <Dialog title="Start a run" onClose={() => setOpen(null)} wide>
          <Start
            config={config}
            onStart={async (request) => {
              await actions.start(request);
              setOpen(null);
            }}
            onUser={actions.changeUser}
          />
        </Dialog>
      )}
      {open === "reset" && (
        <Confirm
          title="Reset the statistics?"
          text="All numbers of this run are set to zero; users go on. Download what you want to keep first."
          yes="Reset"
          onYes={actions.reset}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "stop" && (
        <Confirm
          title="Stop the run?"
          text="All users stop; the numbers stay."
          yes="Stop"
          onYes={actions.stop}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "help" && <Help shortcuts={shortcuts} run={run} onClose={() => setOpen(null)} />}
    </>
  );
}

function LinkBanner({ link }: { link: Link }) {
  if (link.is === "lost") {
    return (
      <div className="banner bad" role="alert">
        <b>The connection is lost</b> since {clock(link.since)}. The numbers are those of then; trying again…
      </div>
    );
  }
  if (link.is === "refused") {
    return (
      <div className="banner bad" role="alert">
        <b>You are not signed in.</b> The server says: {link.message}. <a href="login?next=./">Sign in</a>
      </div>
    );
  }
  if (link.is === "connecting") return <p className="empty">Connecting…</p>;
  return null;
}

/** Says what was done and how the run's state changes, to those who look and to those who listen. */
function Announcer({ notice, state, onDismiss }: { notice: Notice | null; state: State; onDismiss: () => void }) {
  const dismiss = useRef(onDismiss);
  dismiss.current = onDismiss;
  useEffect(() => {
    if (notice === null || notice.isBad) return undefined;
    const timer = setTimeout(() => dismiss.current(), 5_000);
    return () => clearTimeout(timer);
  }, [notice]);
  const words = state.run === null ? "" : `The run is ${state.run.state}.`;
  return (
    <>
      <p className="unseen" role="status">
        {words}
      </p>
      <div className="notices" role={notice?.isBad ? "alert" : "status"}>
        {notice !== null && (
          <p key={notice.id} className={notice.isBad ? "notice bad" : "notice"}>
            {notice.text}
            <button type="button" className="quiet" aria-label="Dismiss" onClick={onDismiss}>
              ✕
            </button>
          </p>
        )}
      </div>
    </>
  );
}

function useTitle({ run }: State): void {
  const title = run === null ? "katydid" : `${run.state}${run.user_count > 0 ? ` · ${run.user_count}` : ""} · katydid`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function shortcutsOf(parts: {
  state: State;
  actions: Actions;
  tabs: readonly Tab[];
  go: (key: string) => void;
  setOpen: (open: Open) => void;
}): Shortcut[] {
  const { state, actions, tabs, go, setOpen } = parts;
  const { run } = state;
  const active = isActive(run);
  return [
    { key: "?", does: "this help", run: () => setOpen("help") },
    { key: "e", does: "edit users, or start a run", run: () => setOpen(active ? "edit" : "new") },
    { key: "p", does: "pause or resume", run: () => active && (run?.state === "paused" ? actions.resume() : actions.pause()) },
    { key: "s", does: "stop, after asking", run: () => active && setOpen("stop") },
    { key: "r", does: "reset, after asking", run: () => setOpen("reset") },
    { key: "t", does: "next theme", run: () => choose(nextTheme(chosen())) },
    { key: "/", does: "filter", run: () => document.querySelector<HTMLElement>("#view input[type=search]")?.focus() },
    ...tabs.slice(0, 9).map((tab, index) => ({ key: String(index + 1), does: tab.title, run: () => go(tab.key) })),
  ];
}
