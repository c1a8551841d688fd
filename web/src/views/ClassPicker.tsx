// Which classes of users take part, and in which proportion.

import { useState } from "react";
import type { UserChange, UserClass } from "../api/types.ts";
import { percent } from "../model/units.ts";

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

  function change(name: string, part: { weight?: number; fixed_count?: number }): void {
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
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.name}>
                <th scope="row">
                  <label title={one.tasks.join(", ")}>
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
              </tr>
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
