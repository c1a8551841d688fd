// What the user's own code raised.

import type { Exception } from "../api/types.ts";
import { count } from "../model/units.ts";
import { Copy } from "../parts/Copy.tsx";
import { useIsPrinted } from "../parts/theme.ts";

export function Exceptions({ exceptions }: { exceptions: readonly Exception[] }) {
  const isPrinted = useIsPrinted();
  if (exceptions.length === 0) return <p className="empty">The locustfile has raised nothing.</p>;
  return (
    <section aria-label="Exceptions">
      {exceptions.map((exception) => (
        <details key={exception.traceback + exception.message} className="exception" open={isPrinted ? true : undefined}>
          <summary>
            <span className="number">{count(exception.count)} ×</span> <code>{exception.message}</code>
            {exception.nodes.length > 0 && <small className="muted">{exception.nodes.join(", ")}</small>}
          </summary>
          <pre tabIndex={0} aria-label="Traceback">
            {exception.traceback}
          </pre>
          <Copy text={`${exception.traceback}\n${exception.message}`} title="Copy" />
        </details>
      ))}
    </section>
  );
}
