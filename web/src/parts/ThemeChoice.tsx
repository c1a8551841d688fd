// The choice between light, dark, and what the system says.

import { choose, type Theme, useChosen } from "./theme.ts";

const THEMES: Theme[] = ["system", "light", "dark"];

export function ThemeChoice() {
  const theme = useChosen();
  return (
    <select
      className="quiet"
      aria-label="Theme"
      title="Theme (t)"
      value={theme}
      onChange={(event) => choose(event.target.value as Theme)}
    >
      {THEMES.map((one) => (
        <option key={one} value={one}>
          {one.charAt(0).toUpperCase() + one.slice(1)}
        </option>
      ))}
    </select>
  );
}

/** The theme after the one that is shown, for the shortcut. */
export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
}
