// The distributions of a run's names over each other, those that the reader chooses.

import { useState } from "react";
import type { Distribution } from "../api/stored.ts";
import { Overlay } from "../charts/Overlay.tsx";
import { countOf } from "../model/overlay.ts";
import { Menu } from "../parts/Menu.tsx";

const AT_FIRST = 3;
const AT_MOST = 6;

export function Distributions({ distributions }: { distributions: readonly Distribution[] }) {
  const [chosen, setChosen] = useState<readonly string[]>(() => mostFrequent(distributions));
  const toggle = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name].slice(-AT_MOST));
  const curves = distributions.map((one) => ({ label: nameOf(one), times: one.times })).filter(({ label }) => chosen.includes(label));
  return (
    <section aria-label="Distributions">
      <div className="bar">
        <Menu title="Names">
          <fieldset className="names">
            <legend>At most {AT_MOST} at once</legend>
            {distributions.map((one) => (
              <label key={nameOf(one)}>
                <input type="checkbox" checked={chosen.includes(nameOf(one))} onChange={() => toggle(nameOf(one))} />
                {nameOf(one)}
              </label>
            ))}
          </fieldset>
        </Menu>
      </div>
      <Overlay title="Response times" curves={curves} />
    </section>
  );
}

function nameOf({ method, name }: Distribution): string {
  return method === "" && name === "Aggregated" ? "all requests" : `${method} ${name}`.trim();
}

/** The names of the most requests, all of them together left out where there are several. */
function mostFrequent(distributions: readonly Distribution[]): string[] {
  const own = distributions.length > 2 ? distributions.filter(({ method, name }) => method !== "" || name !== "Aggregated") : distributions;
  const byCount = [...own].sort((a, b) => countOf(b.times) - countOf(a.times));
  return byCount.slice(0, AT_FIRST).map(nameOf);
}
