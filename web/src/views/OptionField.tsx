// One custom argument of the locustfile: a field that fits its type.

import type { ExtraOption } from "../api/types.ts";
import { type Described, Field } from "../parts/Field.tsx";

type Value = string | boolean | string[];

interface OptionProps {
  dest: string;
  option: ExtraOption;
  value: Value;
  error: string | undefined;
  onChange: (value: Value) => void;
}

export function OptionField(props: OptionProps) {
  const { dest, option, error } = props;
  const words = dest.replaceAll("_", " ");
  const label = `${words.charAt(0).toUpperCase()}${words.slice(1)}${option.is_required ? " (needed)" : ""}`;
  return (
    <Field label={label} help={option.help_text} error={error}>
      {(input) => <Input {...props} input={input} />}
    </Field>
  );
}

function Input({ option, value, onChange, input }: OptionProps & { input: Described }) {
  if (typeof value === "boolean") {
    return <input {...input} type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} />;
  }
  if (option.choices !== null) {
    return option.is_multiple ? (
      <select
        {...input}
        multiple
        value={value as string[]}
        onChange={(event) => onChange([...event.target.selectedOptions].map((choice) => choice.value))}
      >
        {options(option.choices)}
      </select>
    ) : (
      <select {...input} value={value} onChange={(event) => onChange(event.target.value)}>
        {option.default_value === null && <option value="">–</option>}
        {options(option.choices)}
      </select>
    );
  }
  return (
    <input
      {...input}
      type={option.is_secret ? "password" : "text"}
      autoComplete="off"
      inputMode={typeof option.default_value === "number" ? "decimal" : "text"}
      required={option.is_required}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function options(choices: (string | number)[]) {
  return choices.map((choice) => (
    <option key={choice} value={String(choice)}>
      {choice}
    </option>
  ));
}
