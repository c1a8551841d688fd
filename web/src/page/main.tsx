import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "../style/page.css";
import { server } from "../api/client.ts";
import { follow } from "../api/stream.ts";
import type { Additions } from "../api/types.ts";
import { embedded } from "../data.ts";
import { Store } from "../model/store.ts";
import { chosen, show } from "../parts/theme.ts";
import { App } from "./App.tsx";

show(chosen());
const store = new Store();
follow((event) => {
  store.emit(event);
  if (event.kind === "open") void recall();
});

/** The past comes by itself: after a lost connection, too, the charts have no gap. */
async function recall(): Promise<void> {
  try {
    store.emit({ kind: "history", data: await server.history() });
  } catch {
    // The stream goes on; the charts begin with its points.
  }
}

const additions = embedded<{ template_args: Additions }>().template_args ?? {};
createRoot(document.getElementById("root") as HTMLElement).render(<App store={store} additions={additions} />);
