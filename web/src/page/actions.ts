// What can be done to a run, and how it is told whether that worked.

import { useCallback, useState } from "react";
import { server } from "../api/client.ts";
import type { RunRequest, UserChange } from "../api/types.ts";

export interface Notice {
  text: string;
  isBad: boolean;
  /** Distinguishes two notices of the same words. */
  id: number;
}

export interface Actions {
  start: (request: RunRequest) => Promise<void>;
  change: (users: number, spawnRate: number) => Promise<void>;
  changeUser: (change: UserChange) => Promise<void>;
  stop: () => void;
  pause: () => void;
  resume: () => void;
  reset: () => void;
}

export function useActions(): { actions: Actions; notice: Notice | null; dismiss: () => void } {
  const [notice, setNotice] = useState<Notice | null>(null);
  const tell = useCallback((text: string, isBad = false) => setNotice({ text, isBad, id: Date.now() }), []);

  function attempt(done: string, action: () => Promise<unknown>): void {
    action().then(
      () => tell(done),
      (error: Error) => tell(`That did not work: ${error.message}`, true),
    );
  }

  const actions: Actions = {
    start: async (request) => {
      const answer = await server.start(request);
      tell(answer.message || "Started");
    },
    change: async (user_count, spawn_rate) => {
      await server.change({ user_count, spawn_rate });
      tell(`Going to ${user_count} users, ${spawn_rate} per second`);
    },
    changeUser: async (change) => {
      await server.changeUser(change);
    },
    stop: () => attempt("Stopped", server.stop),
    pause: () => attempt("Paused: no new task starts", server.pause),
    resume: () => attempt("Resumed", server.resume),
    reset: () => attempt("Statistics were reset", server.reset),
  };
  return { actions, notice, dismiss: () => setNotice(null) };
}
