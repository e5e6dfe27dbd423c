import { appendFileSync } from "node:fs";
import type { Logger } from "@sock/core";

/** Where a master tells what becomes of its workers. A pino logger is one. */
export interface ClusterLogger extends Logger {
  info(details: object, sentence: string): void;
  warn(details: object, sentence: string): void;
}

export type LogLevel = "info" | "warn" | "error";

/**
 * One line for each sentence: `2026-11-26 21:58:01 pid:4711 web#0 is ready`. On stdout, or at the end of a file that only its
 * owner may read.
 */
export function lineLogger(file?: string): ClusterLogger {
  const write = (level: LogLevel, sentence: string) => {
    const mark = level === "info" ? "" : `${level}: `;
    const line = `${localTime(new Date())} pid:${process.pid} ${mark}${sentence}\n`;
    if (file === undefined) process.stdout.write(line);
    else appendFileSync(file, line, { mode: 0o600 });
  };
  return {
    info: (_, sentence) => write("info", sentence),
    warn: (_, sentence) => write("warn", sentence),
    error: ({ err }, sentence) =>
      write("error", err === undefined ? sentence : `${sentence}: ${inWords(err)}`),
  };
}

/** An error with where it was thrown, and anything else as it is written. */
function inWords(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
}

function localTime(date: Date): string {
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19).replace("T", " ");
}
