import type { AppStatus } from "../status.ts";

/** What one process does in a second. */
export interface Rates {
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/**
 * The rates of each process, by its pid, from what it counted at two times. Absent: it was not there before, or did not answer
 * both times.
 */
export function ratesBetween(before: AppStatus, after: AppStatus): ReadonlyMap<number, Rates> {
  const rates = new Map<number, Rates>();
  const counted = new Map(processesOf(before).map((process) => [process.pid, process]));
  for (const { pid, uptime, report } of processesOf(after)) {
    const earlier = pid === undefined ? undefined : counted.get(pid);
    if (pid === undefined || report === undefined || earlier?.report === undefined) continue;
    // Its own time: the clock on the wall may have been set. Backwards: another process that was given the same pid.
    const seconds = (uptime - earlier.uptime) / 1_000;
    if (seconds <= 0) continue;
    const rate = (what: "requests" | "bytesRead" | "bytesWritten") =>
      Math.max(0, report[what] - (earlier.report?.[what] ?? 0)) / seconds;
    rates.set(pid, {
      requests: rate("requests"),
      bytesRead: rate("bytesRead"),
      bytesWritten: rate("bytesWritten"),
    });
  }
  return rates;
}

function processesOf({ workers }: AppStatus) {
  return workers.flatMap(({ processes }) => processes);
}
