// Which classes of users take part, and in which proportion.

import { Fragment, useState } from "react";
import type { UserChange, UserClass } from "../api/types.ts";
import { percent } from "../model/units.ts";
import { Field } from "../parts/Field.tsx";

type ClassChange = Omit<UserChange, "user_class_name">;

export function ClassPicker(props: {
  classes: readonly UserClass[];
  chosen: readonly string[];
  error: string | undefined;
  onChosen: (names: string[]) => void;
  onUser: (change: UserChange) => Promise<void>;
}) {
  const { classes, chosen, error, onChosen, onUser } = props;
  const [changed, setChanged] = useState<Record<string, Partial<UserClass>>>({});
  const [refusal, setRefusal] = useState<string | null>(null);
  const shown = classes.map((one) => ({ ...one, ...changed[one.name] }));
  const share = shares(shown.filter(({ name }) => chosen.includes(name)));

  const [opened, setOpened] = useState<string | null>(null);

  function change(name: string, part: ClassChange): void {
    setChanged({ ...changed, [name]: { ...changed[name], ...part } });
    onUser({ user_class_name: name, ...part }).then(
      () => setRefusal(null),
      (reason: Error) => setRefusal(`${name} stays as it was: ${reason.message}`),
    );
  }

  return (
    <fieldset aria-describedby={error === undefined ? undefined : "classes-wrong"}>
      <legend>User classes</legend>
      <div className="scroll-x">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" className="number">
                Weight
              </th>
              <th scope="col" className="number">
                Fixed
              </th>
              <th scope="col" className="number">
                Share
              </th>
              <th scope="col">
                <span className="unseen">More</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <Fragment key={one.name}>
                <tr>
                  <th scope="row">
                    <label>
                      <input
                        type="checkbox"
                        checked={chosen.includes(one.name)}
                        aria-invalid={error === undefined ? undefined : true}
                        onChange={() => onChosen(toggled(classes, chosen, one.name))}
                      />{" "}
                      {one.name}
                    </label>
                  </th>
                  <NumberCell label={`Weight of ${one.name}`} value={one.weight} onValue={(weight) => change(one.name, { weight })} />
                  <NumberCell
                    label={`Fixed number of ${one.name}`}
                    value={one.fixed_count}
                    onValue={(fixed_count) => change(one.name, { fixed_count })}
                  />
                  <td className="number">{one.fixed_count > 0 ? "fixed" : percent(share.get(one.name) ?? 0)}</td>
                  <td className="number">
                    <button
                      type="button"
                      className="quiet"
                      aria-label={`More of ${one.name}`}
                      aria-expanded={opened === one.name}
                      title="Tasks and host"
                      onClick={() => setOpened(opened === one.name ? null : one.name)}
                    >
                      {opened === one.name ? "▴" : "▾"}
                    </button>
                  </td>
                </tr>
                {opened === one.name && (
                  <tr>
                    <td colSpan={5}>
                      <ClassDetail of={one} onChange={(part) => change(one.name, part)} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {error !== undefined && (
        <p id="classes-wrong" className="wrong">
          {error}
        </p>
      )}
      {refusal !== null && (
        <p className="wrong" role="alert">
          {refusal}
        </p>
      )}
    </fieldset>
  );
}

/** What is changed less often: which tasks the class keeps, and what it tests. */
function ClassDetail({ of, onChange }: { of: UserClass; onChange: (change: ClassChange) => void }) {
  const [host, setHost] = useState(of.host ?? "");
  const kept = new Set(of.tasks);
  function toggle(task: string): void {
    const tasks = of.available_tasks.filter((other) => (other === task ? !kept.has(task) : kept.has(other)));
    if (tasks.length > 0) onChange({ tasks });
  }
  return (
    <div className="class-detail">
      <fieldset>
        <legend>Tasks of {of.name}</legend>
        {of.available_tasks.map((task) => (
          <label key={task}>
            <input type="checkbox" checked={kept.has(task)} onChange={() => toggle(task)} /> {task}
          </label>
        ))}
      </fieldset>
      <Field label={`Host of ${of.name}`} help="where the class has one of its own">
        {(input) => (
          <input
            {...input}
            value={host}
            inputMode="url"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => setHost(event.target.value)}
            onBlur={() => host.trim() !== (of.host ?? "") && onChange({ host: host.trim() })}
          />
        )}
      </Field>
    </div>
  );
}

function NumberCell({ label, value, onValue }: { label: string; value: number; onValue: (value: number) => void }) {
  const [text, setText] = useState(String(value));
  function leave(): void {
    const number = Number(text);
    if (text.trim() === "" || !Number.isInteger(number) || number < 0) setText(String(value));
    else if (number !== value) onValue(number);
  }
  return (
    <td className="number">
      <input
        className="short"
        inputMode="numeric"
        aria-label={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={leave}
      />
    </td>
  );
}

function toggled(classes: readonly UserClass[], chosen: readonly string[], name: string): string[] {
  const isChosen = chosen.includes(name);
  return classes.map((one) => one.name).filter((other) => (other === name ? !isChosen : chosen.includes(other)));
}

/** What part of the users without a fixed number each class gets. */
export function shares(classes: readonly UserClass[]): Map<string, number> {
  const free = classes.filter((one) => one.fixed_count === 0);
  const total = free.reduce((sum, one) => sum + one.weight, 0);
  return new Map(free.map((one) => [one.name, total === 0 ? 0 : one.weight / total]));
}
