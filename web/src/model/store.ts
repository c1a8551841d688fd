// Who is told of a change, and when?
//
// Events are applied at once, listeners are told once a frame: a burst of events costs one drawing, and a hidden tab, which
// has no frames, draws nothing and yet stays up to date.

import { useSyncExternalStore } from "react";
import { EMPTY, next, type PageEvent, type State } from "./state.ts";

export class Store {
  #state: State = EMPTY;
  #told: State = EMPTY;
  #isDue = false;
  readonly #listeners = new Set<() => void>();

  constructor(state: State = EMPTY) {
    this.#state = state;
    this.#told = state;
  }

  readonly emit = (event: PageEvent): void => {
    this.#state = next(this.#state, event);
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#told = this.#state;
      for (const listener of this.#listeners) listener();
    });
  };

  /** The state as of the last frame, which all views of one drawing agree on. */
  readonly told = (): State => this.#told;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** A part of the state; the component is drawn again when it is another value. */
export function useSlice<T>(store: Store, slice: (state: State) => T): T {
  return useSyncExternalStore(store.subscribe, () => slice(store.told()));
}
