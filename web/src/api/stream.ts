// How do changes arrive?
//
// One stream of server-sent events. The browser reconnects by itself while the server is gone; what it cannot tell is a
// refusal from a lost connection, so that is asked with an ordinary call.

import type { PageEvent } from "../model/state.ts";
import { Refusal, server } from "./client.ts";

// Messages of one second arrive together; each is read in a task of its own, so that frames can be drawn in between.

const KINDS = ["run", "stats", "point", "mark", "errors", "exceptions", "logs", "config", "verdict", "triage", "expectations"] as const;
const RETRY_MS = 2_000;

/** Follows the stream until the returned function is called. */
export function follow(emit: (event: PageEvent) => void): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const inbox = new Inbox(emit);

  function connect(): void {
    source = new EventSource("api/v1/events");
    source.onopen = () => emit({ kind: "open" });
    source.onerror = () => lost();
    for (const kind of KINDS) {
      source.addEventListener(kind, (message) => {
        inbox.put(kind, (message as MessageEvent<string>).data);
      });
    }
  }

  function lost(): void {
    source?.close();
    inbox.clear();
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

/** Takes messages as they arrive and reads them one after the other. */
class Inbox {
  readonly #emit: (event: PageEvent) => void;
  readonly #channel = new MessageChannel();
  #waiting: { kind: string; text: string }[] = [];

  constructor(emit: (event: PageEvent) => void) {
    this.#emit = emit;
    this.#channel.port1.onmessage = () => this.#readOne();
  }

  put(kind: string, text: string): void {
    this.#waiting.push({ kind, text });
    if (this.#waiting.length === 1) this.#goOn();
  }

  /** Drops what was not read yet: a new connection tells everything anew. */
  clear(): void {
    this.#waiting = [];
  }

  /** Messages of a channel are tasks, as timers are, but of hidden tabs they are not slowed down. */
  #goOn(): void {
    this.#channel.port2.postMessage(null);
  }

  #readOne(): void {
    const message = this.#waiting.shift();
    if (message === undefined) return;
    if (this.#waiting.length > 0) this.#goOn();
    this.#emit({ kind: message.kind, data: JSON.parse(message.text) } as PageEvent);
  }
}
