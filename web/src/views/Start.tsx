// The form that starts a run.

import { useRef, useState } from "react";
import { Refusal } from "../api/client.ts";
import type { Config, RunRequest, UserChange } from "../api/types.ts";
import {
  type Form,
  formOf,
  hasCommonFields,
  hasShapes,
  NO_SHAPE,
  optionsOf,
  problems,
  type Problems,
  requestOf,
} from "../model/form.ts";
import { Field } from "../parts/Field.tsx";
import { ClassPicker } from "./ClassPicker.tsx";
import { OptionField } from "./OptionField.tsx";

export function Start(props: {
  config: Config;
  onStart: (request: RunRequest) => Promise<void>;
  onUser: (change: UserChange) => Promise<void>;
}) {
  const { config, onStart, onUser } = props;
  const [form, setForm] = useState<Form>(() => formOf(config));
  const [wrong, setWrong] = useState<Problems>({});
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const options = optionsOf(config);
  const set = (change: Partial<Form>) => setForm((before) => ({ ...before, ...change }));

  function tell(found: Problems, said: string | null = null): void {
    setWrong(found);
    setRefusal(said);
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }

  async function start(event: React.FormEvent): Promise<void> {
    event.preventDefault();
    const found = problems(config, form);
    tell(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await onStart(requestOf(config, form));
    } catch (error) {
      const { field, message } = error as Refusal;
      tell(field ? { [field]: message } : {}, field ? null : message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form ref={element} className="start" onSubmit={(event) => void start(event)} noValidate aria-label="Start a run">
      <Common config={config} form={form} wrong={wrong} onChange={set} />
      {config.show_userclass_picker && (
        <ClassPicker
          classes={config.user_classes}
          chosen={form.user_classes}
          error={wrong.user_classes}
          onChosen={(user_classes) => set({ user_classes })}
          onUser={onUser}
        />
      )}
      {options.length > 0 && (
        <fieldset>
          <legend>Options of the locustfile</legend>
          {options.map(([dest, option]) => (
            <OptionField
              key={dest}
              dest={dest}
              option={option}
              value={form.options[dest] ?? ""}
              error={wrong[dest]}
              onChange={(value) => set({ options: { ...form.options, [dest]: value } })}
            />
          ))}
        </fieldset>
      )}
      <Asked form={form} wrong={wrong} onChange={set} />
      {refusal !== null && (
        <p className="wrong" role="alert">
          {refusal}
        </p>
      )}
      <footer className="buttons">
        <button type="submit" className="primary" disabled={isBusy}>
          {isBusy ? "Starting…" : "Start"}
        </button>
      </footer>
    </form>
  );
}

interface CommonProps {
  config: Config;
  form: Form;
  wrong: Problems;
  onChange: (change: Partial<Form>) => void;
}

function Common({ config, form, wrong, onChange }: CommonProps) {
  const warning = typeof config.missing_host_warning === "string" ? config.missing_host_warning : null;
  return (
    <>
      {hasShapes(config) && <Shape config={config} form={form} onChange={onChange} />}
      {hasCommonFields(config, form) && <Numbers form={form} wrong={wrong} onChange={onChange} />}
      <Field
        label="Host"
        error={wrong.host}
        help={warning ?? (config.missing_host_warning ? "some classes have no host of their own" : null)}
      >
        {(input) => (
          <input
            {...input}
            value={form.host}
            inputMode="url"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="https://example.org"
            onChange={(event) => onChange({ host: event.target.value })}
          />
        )}
      </Field>
      {hasCommonFields(config, form) && (
        <Field label="Run time" error={wrong.run_time} help="90, 20s, 3m, 1h30m; empty: until it is stopped">
          {(input) => (
            <input {...input} value={form.run_time} onChange={(event) => onChange({ run_time: event.target.value })} />
          )}
        </Field>
      )}
      <Field label="Profile" error={wrong.profile} help="a name for this kind of run">
        {(input) => (
          <>
            <input
              {...input}
              list="profiles"
              value={form.profile}
              onChange={(event) => onChange({ profile: event.target.value })}
            />
            <datalist id="profiles">
              {(config.profiles ?? []).map((profile) => (
                <option key={profile} value={profile} />
              ))}
            </datalist>
          </>
        )}
      </Field>
    </>
  );
}

const ASKED = [
  { key: "stages", label: "Levels", rows: 2, help: "users@rate for time, one after another: 10@1 for 5m, 50@5 for 5m; empty: one load" },
  { key: "thresholds", label: "Thresholds", rows: 3, help: "one a line: p95<2s, fail_ratio<1% on POST /orders, rps>100 over 30s" },
  { key: "expect", label: "Expectations", rows: 2, help: "rules about failures, one a line: 409 on POST /*/state" },
] as const;

/** What is asked of the run. It is shown at once where something is, or where something is wrong with it. */
function Asked({ form, wrong, onChange }: Omit<CommonProps, "config">) {
  const isUsed = ASKED.some(({ key }) => form[key] !== "");
  const [isOpen, setOpen] = useState(isUsed);
  const isWrong = ASKED.some(({ key }) => wrong[key] !== undefined);
  return (
    <details className="asked" open={isOpen || isWrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Verdict</summary>
      {ASKED.map(({ key, label, rows, help }) => (
        <Field key={key} label={label} error={wrong[key]} help={help}>
          {(input) => (
            <textarea
              {...input}
              rows={rows}
              spellCheck={false}
              autoCapitalize="off"
              value={form[key]}
              onChange={(event) => onChange({ [key]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </details>
  );
}

function Numbers({ form, wrong, onChange }: Omit<CommonProps, "config">) {
  return (
    <div className="pair">
      <Field label="Users" error={wrong.user_count} help="at the peak">
        {(input) => (
          <input
            {...input}
            inputMode="numeric"
            value={form.user_count}
            onChange={(event) => onChange({ user_count: event.target.value })}
          />
        )}
      </Field>
      <Field label="Spawn rate" error={wrong.spawn_rate} help="users started per second">
        {(input) => (
          <input
            {...input}
            inputMode="decimal"
            value={form.spawn_rate}
            onChange={(event) => onChange({ spawn_rate: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

function Shape({ config, form, onChange }: Omit<CommonProps, "wrong">) {
  const help = form.shape_class === NO_SHAPE ? null : "the shape decides how many users there are and when";
  return (
    <Field label="Shape" help={help}>
      {(input) => (
        <select {...input} value={form.shape_class} onChange={(event) => onChange({ shape_class: event.target.value })}>
          {config.shapes.map((shape) => (
            <option key={shape} value={shape}>
              {shape === NO_SHAPE ? "none" : shape}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
