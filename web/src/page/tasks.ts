// How are the tasks kept fresh? By asking, while somebody looks at them.

import { useEffect } from "react";
import { server } from "../api/client.ts";
import { type Store, useSlice } from "../model/store.ts";

/** Fetches the tasks while somebody looks at them: the stream does not carry them. */
export function usePolledTasks(store: Store): void {
  const state = useSlice(store, (all) => all.run?.state);
  const { emit } = store;
  useEffect(() => {
    const ask = () => server.tasks().then((data) => emit({ kind: "tasks", data }), () => undefined);
    void ask();
    const timer = setInterval(ask, 5_000);
    return () => clearInterval(timer);
  }, [emit, state]);
}
