import type { AppStatus, ConnectionsReport } from "../status.ts";

/** Of the shape of what `--json` prints. Within a version, fields may come; none goes, and none changes its meaning. */
export const JSON_VERSION = 1;

/** One line of JSON: the status, or the connections, with a `version`. */
export function toJsonLine(report: AppStatus | ConnectionsReport): string {
  return JSON.stringify({ version: JSON_VERSION, ...report });
}
