// Who is running, and what they do.

import type { Run, TaskRatio, Tasks } from "../api/types.ts";
import { count, percent } from "../model/units.ts";
import { Bars } from "../parts/figures.tsx";

export function Users({ run, tasks }: { run: Run | null; tasks: Tasks | null }) {
  const classes = Object.entries(run?.users_by_class ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <section aria-label="Users" className="columns">
      {classes.length > 0 && (
        <div className="panel">
          <h3>Users by class</h3>
          <Bars rows={classes.map(([name, users]) => ({ title: name, value: users, text: count(users) }))} />
        </div>
      )}
      <div className="panel">
        <h3>Tasks of each class</h3>
        <Ratios ratios={tasks?.per_class} />
      </div>
      <div className="panel">
        <h3>Tasks of all users</h3>
        <Ratios ratios={tasks?.total} />
      </div>
    </section>
  );
}

function Ratios({ ratios }: { ratios: Record<string, TaskRatio> | undefined }) {
  const rows = Object.entries(ratios ?? {});
  if (rows.length === 0) return <p>No class is chosen.</p>;
  return (
    <ul className="ratios">
      {rows.map(([name, { ratio, tasks }]) => (
        <li key={name}>
          <span>{name}</span> <b className="number">{percent(ratio)}</b>
          {tasks !== undefined && Object.keys(tasks).length > 0 && <Ratios ratios={tasks} />}
        </li>
      ))}
    </ul>
  );
}
