import { canBindShared } from "@sock/core/sockets";
import type { Accept } from "../worker.ts";

/** What matters of a Worker here. */
export interface Wanted {
  readonly name: string;
  readonly count: number;
  readonly accept: Accept;
  readonly transport: string;
  readonly user: string;
  readonly group: string;
}

/** What a system can do. */
export interface Platform {
  readonly name: string;
  readonly canBindShared: boolean;
}

/** In a sentence each, what these Workers would have elsewhere and do not have here. What cannot be done at all is an error. */
export function whatIsMissing(
  workers: readonly Wanted[],
  { name, canBindShared: canShare }: Platform = { name: process.platform, canBindShared },
): string[] {
  const missing: string[] = [];
  if (name === "win32")
    missing.push("this system has no signals: stop, reload and status are commands alone, over a named pipe");
  for (const worker of workers) {
    if (name === "win32" && (worker.user || worker.group) !== "")
      missing.push(
        `${worker.name} runs as this user, and not as "${worker.user || worker.group}": this system cannot change it`,
      );
    const isNet = worker.transport === "tcp" || worker.transport === "tls";
    if (isNet && worker.count > 1 && worker.accept === "auto" && !canShare)
      missing.push(
        `${worker.name}: the master hands connections over, some 50 µs of its time each: only Linux shares them out (reusePort), from Node 22.12 on`,
      );
  }
  return missing;
}
