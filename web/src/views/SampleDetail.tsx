// One failed exchange: what was sent, what came back, and a line to try it again.

import { type ReactNode, useEffect, useState } from "react";
import { type Message, PHASES, type Sample } from "../api/types.ts";
import { milliseconds, moment, NOTHING } from "../model/units.ts";
import { Copy } from "../parts/Copy.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Bars, Figure } from "../parts/figures.tsx";

/** Where a sample comes from: the server, or the report itself. */
export type SampleOf = (id: string) => Promise<Sample>;

/** How to open a sample, and the dialog with the one that is open. */
export function useSample(sampleOf: SampleOf): [(id: string) => void, ReactNode] {
  const [open, setOpen] = useState<string | null>(null);
  return [setOpen, open !== null && <SampleDetail id={open} sampleOf={sampleOf} onClose={() => setOpen(null)} />];
}

/** A text that opens a sample, if there is one. */
export function SampleLink({ text, id, onOpen }: { text: string; id: string | null; onOpen: (id: string) => void }) {
  if (id === null) return <span title={text}>{text}</span>;
  return (
    <button type="button" className="link" title={text} onClick={() => onOpen(id)}>
      {text}
    </button>
  );
}

function SampleDetail(props: { id: string; sampleOf: SampleOf; onClose: () => void }) {
  const { id, sampleOf, onClose } = props;
  const [sample, setSample] = useState<Sample | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    sampleOf(id).then(
      (found) => isCurrent && setSample(found),
      (reason: Error) => isCurrent && setError(reason.message),
    );
    return () => {
      isCurrent = false;
    };
  }, [id, sampleOf]);

  return (
    <Dialog title="A failed request" onClose={onClose} wide>
      {error !== null && <p className="wrong">The sample is not there: {error}</p>}
      {sample !== null && <Exchange sample={sample} />}
    </Dialog>
  );
}

function Exchange({ sample }: { sample: Sample }) {
  return (
    <>
      <p className="bad">{sample.error}</p>
      <dl className="figures">
        <Figure title="Status" text={sample.status === null ? NOTHING : String(sample.status)} />
        <Figure title="Response time" text={milliseconds(sample.response_ms)} />
        <Figure title="At" text={moment(sample.at)} />
        <Figure title="User" text={sample.user_class ?? NOTHING} />
      </dl>
      <div className="with-button">
        <h3>As a command</h3>
        <Copy text={sample.curl} title="Copy as curl" />
      </div>
      <pre tabIndex={0} aria-label="curl command">
        {sample.curl}
      </pre>
      <Part title="Request" line={`${sample.method} ${sample.url}`} message={sample.request} />
      <Part title="Answer" line={null} message={sample.response} />
      <Phases sample={sample} />
    </>
  );
}

function Part({ title, line, message }: { title: string; line: string | null; message: Message | null }) {
  if (message === null) {
    return (
      <>
        <h3>{title}</h3>
        <p>There was none.</p>
      </>
    );
  }
  const head = [...(line === null ? [] : [line]), ...(message.headers ?? []).map(([name, value]) => `${name}: ${value}`)];
  return (
    <>
      <h3>{title}</h3>
      <pre tabIndex={0} aria-label={title}>
        {head.join("\n")}
        {message.body !== null && message.body !== "" && `\n\n${message.body}`}
        {message.body_truncated && "\n… (the rest was not kept)"}
      </pre>
    </>
  );
}

function Phases({ sample }: { sample: Sample }) {
  const { phases } = sample;
  if (phases === null) return null;
  const rows = PHASES.filter((phase) => phases[phase] != null).map((phase) => ({
    title: phase,
    value: phases[phase] ?? null,
    text: milliseconds(phases[phase]),
  }));
  if (rows.length === 0) return null;
  return (
    <>
      <h3>Phases</h3>
      <Bars rows={rows} />
    </>
  );
}
