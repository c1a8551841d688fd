// Numbers outside of tables: one with its title, and some side by side.

import type { Bar } from "../model/summary.ts";

/** One of a list of definitions. */
export function Figure({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  );
}

/** A list whose lengths can be compared at a glance. */
export function Bars({ rows }: { rows: readonly Bar[] }) {
  const most = Math.max(...rows.map((row) => row.value ?? 0), 0);
  return (
    <ul className="bars">
      {rows.map((row) => (
        <li key={row.title}>
          <span>{row.title}</span>
          <i aria-hidden="true">
            <b style={{ width: `${most === 0 ? 0 : ((row.value ?? 0) / most) * 100}%` }} />
          </i>
          <span className="number">{row.text}</span>
        </li>
      ))}
    </ul>
  );
}
