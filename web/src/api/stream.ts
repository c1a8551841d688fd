// How do changes arrive?
//
// One stream of server-sent events. The browser reconnects by itself while the server is gone; what it cannot tell is a
// refusal from a lost connection, so that is asked with an ordinary call.

import type { PageEvent } from "../model/state.ts";
import { Refusal, server } from "./client.ts";

const KINDS = ["run", "stats", "point", "mark", "errors", "exceptions", "logs", "config"] as const;
const RETRY_MS = 2_000;

/** Follows the stream until the returned function is called. */
export function follow(emit: (event: PageEvent) => void): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  function connect(): void {
    source = new EventSource("api/v1/events");
    source.onopen = () => emit({ kind: "open" });
    source.onerror = () => lost();
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        emit({ kind, data: JSON.parse((message as MessageEvent<string>).data) } as PageEvent);
      });
    }
  }

  function lost(): void {
    source?.close();
    if (ended) return;
    emit({ kind: "lost", at: Date.now() / 1000 });
    server.run().then(
      () => again(),
      (error: unknown) => {
        if (error instanceof Refusal && (error.isSignIn || error.status === 403)) {
          emit({ kind: "refused", message: error.message });
        } else again();
      },
    );
  }

  function again(): void {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(connect, RETRY_MS);
  }

  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
}
