// A place that opens below its title and closes with Escape or a click elsewhere.

import { type ReactNode, useEffect, useRef } from "react";

export function Menu({ title, children }: { title: string; children: ReactNode }) {
  const place = useRef<HTMLDetailsElement>(null);

  useEffect(() => {
    function onPointerDown(event: PointerEvent): void {
      const menu = place.current;
      if (menu?.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
    addEventListener("pointerdown", onPointerDown);
    return () => removeEventListener("pointerdown", onPointerDown);
  }, []);

  function onKeyDown(event: React.KeyboardEvent): void {
    const menu = place.current;
    if (event.key !== "Escape" || menu === null || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }

  return (
    <details className="menu" ref={place} onKeyDown={onKeyDown}>
      <summary>{title}</summary>
      <div className="menu-place">{children}</div>
    </details>
  );
}
