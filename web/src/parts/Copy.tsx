// A button that copies a text and says that it did.

import { useState } from "react";

export function Copy({ text, title }: { text: string; title: string }) {
  const [said, setSaid] = useState<string | null>(null);
  async function copy(): Promise<void> {
    setSaid((await copied(text)) ? "Copied" : "Select and copy by hand");
    setTimeout(() => setSaid(null), 2_000);
  }
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        {said ?? title}
      </button>
      <span className="unseen" role="status">
        {said}
      </span>
    </>
  );
}

/** Pages without TLS on another host have no clipboard; the older way still works there. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

function copiedBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}
