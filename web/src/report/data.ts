// What is in a report?

import type { Compared, Distribution } from "../api/stored.ts";
import type {
  Config,
  Exception,
  Expected,
  Failure,
  FailureGroup,
  History,
  Run,
  Sample,
  Stats,
  Tasks,
  Verdict,
} from "../api/types.ts";

/** The answers of /api/v1 under the names of their routes. */
export interface ReportData {
  run: Run;
  stats: Stats;
  errors?: { errors: Failure[] };
  triage?: { groups: FailureGroup[] };
  expectations?: Expected;
  exceptions?: { exceptions: Exception[] };
  tasks?: Tasks;
  history?: History;
  config?: Config;
  samples?: Record<string, Sample>;
  verdict?: Verdict | null;
  comparison?: Compared | null;
  distributions?: Distribution[] | null;
  started_at?: number | null;
  ended_at?: number | null;
  title?: string;
  theme?: "light" | "dark";
  show_download_link?: boolean;
}
