// Tabs as the ARIA practices describe them: one stop in the order of focus, arrows move, the address remembers.

import { type ReactNode, useEffect, useRef, useState } from "react";

export interface Tab {
  key: string;
  title: string;
  /** A number beside the title, such as how many failures there are. */
  badge?: number;
  /** What the number counts, where the title does not say it. */
  badgeOf?: string;
  view: () => ReactNode;
}

function fromAddress(): string {
  return location.hash.replace(/^#/, "");
}

/** The tab that the address names, and how to go to another. */
export function useTab(tabs: readonly Tab[]): [Tab, (key: string) => void] {
  const [key, setKey] = useState(fromAddress);
  useEffect(() => {
    const read = () => setKey(fromAddress());
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  function go(to: string): void {
    history.replaceState(null, "", `#${to}`);
    setKey(to);
  }
  return [tabs.find((tab) => tab.key === key) ?? (tabs[0] as Tab), go];
}

export function Tabs({ tabs, shown, onShow }: { tabs: readonly Tab[]; shown: Tab; onShow: (key: string) => void }) {
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown.key]);

  function onKeyDown(event: React.KeyboardEvent): void {
    const at = tabs.findIndex((tab) => tab.key === shown.key);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length] as Tab;
    onShow(tab.key);
    document.getElementById(`tab-${tab.key}`)?.focus();
  }

  return (
    <>
      <div className="tabs" role="tablist" aria-label="Views" ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.key}
            id={`tab-${tab.key}`}
            type="button"
            role="tab"
            aria-selected={tab.key === shown.key}
            aria-controls="view"
            tabIndex={tab.key === shown.key ? 0 : -1}
            onClick={() => onShow(tab.key)}
          >
            {tab.title}
            {tab.badge !== undefined && tab.badge > 0 && (
              <>
                {" "}
                <Badge times={tab.badge} of={tab.badgeOf} />
              </>
            )}
          </button>
        ))}
      </div>
      <div id="view" role="tabpanel" aria-labelledby={`tab-${shown.key}`} key={shown.key}>
        {shown.view()}
      </div>
    </>
  );
}

function Badge({ times, of }: { times: number; of: string | undefined }) {
  return (
    <span className="badge" title={of === undefined ? undefined : `${times} ${of}`}>
      {times}
      {of !== undefined && <span className="unseen"> {of}</span>}
    </span>
  );
}
