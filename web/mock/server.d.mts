/** The types of what tests use of the mock. */
export class Mock {
  constructor(options?: { entries?: number; history?: number; now?: number; template_args?: object });
  now: number;
  started_at: number;
  state: string;
  users: number;
  refuses: boolean;
  limited: boolean;
  distributed: boolean;
  extended: unknown;
  auth_args: unknown;
  config: import("../src/api/types.ts").Config;
  calls: { method: string; path: string; body: unknown }[];
  tick(sendsStats?: boolean): void;
  log(line: string): void;
  judge(kind: "verdict" | "triage" | "expectations", document: object): void;
  stored: {
    runs: import("../src/api/stored.ts").StoredRun[];
    rows: import("../src/api/stored.ts").ComparedRow[];
    report: object;
    calls: { method: string; path: string; query: string; body: unknown }[];
  };
  report(): import("../src/report/data.ts").ReportData;
}
export function serve(mock: Mock, port?: number): Promise<{ url: string; close: () => Promise<void> }>;
export function escaped(value: unknown): string;
export function filled(document: string, value: unknown): string;
