// The dialogs of the page: change users while running, help.

import { useState } from "react";
import type { Run } from "../api/types.ts";
import { Buttons, Dialog } from "../parts/Dialog.tsx";
import { Field } from "../parts/Field.tsx";
import { areOn, type Shortcut, switchOn } from "../parts/shortcuts.ts";

export function Edit(props: { run: Run; onChange: (users: number, rate: number) => Promise<void>; onClose: () => void }) {
  const { run, onChange, onClose } = props;
  const [users, setUsers] = useState(String(run.target_user_count ?? run.user_count));
  const [rate, setRate] = useState(String(run.spawn_rate ?? 1));
  const [wrong, setWrong] = useState<{ user_count?: string; spawn_rate?: string; all?: string }>({});

  async function submit(event: React.FormEvent): Promise<void> {
    event.preventDefault();
    if (!/^\d+$/.test(users.trim())) return setWrong({ user_count: "a whole number, such as 100" });
    if (!(Number(rate) > 0)) return setWrong({ spawn_rate: "a number above 0, such as 10 or 0.5" });
    try {
      await onChange(Number(users), Number(rate));
      onClose();
    } catch (error) {
      setWrong({ all: (error as Error).message });
    }
  }

  return (
    <Dialog title="Change users" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <div className="pair">
          <Field label="Users" error={wrong.user_count}>
            {(input) => (
              <input {...input} autoFocus inputMode="numeric" value={users} onChange={(event) => setUsers(event.target.value)} />
            )}
          </Field>
          <Field label="Spawn rate" error={wrong.spawn_rate} help="users started or stopped per second">
            {(input) => (
              <input {...input} inputMode="decimal" value={rate} onChange={(event) => setRate(event.target.value)} />
            )}
          </Field>
        </div>
        {wrong.all !== undefined && (
          <p className="wrong" role="alert">
            {wrong.all}
          </p>
        )}
        <Buttons onClose={onClose}>
          <button type="submit" className="primary">
            Change
          </button>
        </Buttons>
      </form>
    </Dialog>
  );
}

export function Help(props: { shortcuts: readonly Shortcut[]; run: Run | null; onClose: () => void }) {
  const { shortcuts, run, onClose } = props;
  const [on, setOn] = useState(areOn);
  return (
    <Dialog title="Help" onClose={onClose}>
      <h3>Shortcuts</h3>
      <dl className="keys">
        {shortcuts.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="inline">
        <input
          type="checkbox"
          checked={on}
          onChange={(event) => {
            switchOn(event.target.checked);
            setOn(event.target.checked);
          }}
        />{" "}
        Single keys work ( ? always does)
      </label>
      <h3>Numbers</h3>
      <p>
        A response time ends when the kernel received the answer; the generator's own delay is its lag, which is never part of
        it. Figures at the top are those of the last second, percentiles those of the last ten; the table is about the whole run, except its rate.
      </p>
      {run !== null && (
        <p className="muted">
          katydid {run.version}, with the interface of Locust {run.locust_version}
        </p>
      )}
    </Dialog>
  );
}
