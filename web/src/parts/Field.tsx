// A field of a form: its label, its help and what is wrong with it belong together, for a reader and for a screen reader.

import { type ReactNode, useId } from "react";

export interface Described {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

export function Field(props: {
  label: string;
  help?: string | null;
  error?: string | undefined;
  children: (input: Described) => ReactNode;
}) {
  const { label, help, error, children } = props;
  const id = useId();
  const said = error ?? help ?? "";
  const input: Described = { id };
  if (said !== "") input["aria-describedby"] = `${id}-said`;
  if (error !== undefined) input["aria-invalid"] = true;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(input)}
      {said !== "" && (
        <p id={`${id}-said`} className={error === undefined ? "help" : "wrong"}>
          {said}
        </p>
      )}
    </div>
  );
}
