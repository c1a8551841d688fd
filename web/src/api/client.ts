// How is the server called?
//
// Every address is relative to the document, so that a base path needs no rewriting.

import type {
  Config,
  Histogram,
  History,
  RunAnswer,
  RunRequest,
  Sample,
  Tasks,
  UserChange,
} from "./types.ts";

/** What the server refused, with its reason and, where it has one, the field of the form that is wrong. */
export class Refusal extends Error {
  readonly status: number;
  readonly field: string | null;

  constructor(status: number, message: string, field: string | null = null) {
    super(message);
    this.status = status;
    this.field = field;
  }

  /** Whether signing in would help. */
  get isSignIn(): boolean {
    return this.status === 401 || this.status === 302;
  }
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, redirect: "manual", headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refusal(0, "the server cannot be reached");
  }
  if (response.type === "opaqueredirect") throw new Refusal(302, "sign in to go on");
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  return (text === "" ? {} : JSON.parse(text)) as T;
}

function refusal(status: number, text: string): Refusal {
  try {
    const said = JSON.parse(text) as { error?: string; field?: string; message?: string };
    return new Refusal(status, said.error ?? said.message ?? `the server answered ${status}`, said.field ?? null);
  } catch {
    return new Refusal(status, `the server answered ${status}`);
  }
}

/** An answer of status 200 that says no, as Locust's `/swarm` gives, is a refusal as well. */
async function start(request: RunRequest): Promise<RunAnswer> {
  const answer = await call<RunAnswer>("POST", "api/v1/run", request);
  if (answer.success === false) throw new Refusal(200, answer.message);
  return answer;
}

export const server = {
  run: () => call<unknown>("GET", "api/v1/run"),
  config: () => call<Config>("GET", "api/v1/config"),
  tasks: () => call<Tasks>("GET", "api/v1/tasks"),
  history: (since?: number) =>
    call<History>("GET", since === undefined ? "api/v1/history" : `api/v1/history?since=${since}`),
  sample: (id: string) => call<Sample>("GET", `api/v1/samples/${encodeURIComponent(id)}`),
  histogram: (method: string, name: string) =>
    call<Histogram>("GET", `api/v1/histogram?${new URLSearchParams({ method, name })}`),
  /** Locust's statistics, for the additions that `after_request` puts into them. */
  extended: () => call<{ extended_stats?: ExtendedTable[] }>("GET", "stats/requests"),
  start,
  change: (change: { user_count?: number; spawn_rate?: number }) => call<RunAnswer>("PATCH", "api/v1/run", change),
  stop: () => call<RunAnswer>("POST", "api/v1/run/stop"),
  pause: () => call<RunAnswer>("POST", "api/v1/run/pause"),
  resume: () => call<RunAnswer>("POST", "api/v1/run/resume"),
  reset: () => call<RunAnswer>("POST", "api/v1/run/reset"),
  changeUser: (change: UserChange) => call<unknown>("POST", "api/v1/users", change),
};

/** A table that a locustfile adds to the page. */
export interface ExtendedTable {
  key: string;
  data: Record<string, string | number>[];
}
