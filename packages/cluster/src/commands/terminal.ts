import type { ScreenSize } from "../status/live-screen.ts";

/** Where a command shows what it has to say. */
export interface Terminal {
  /** A line of a result: stdout. */
  out(line: string): void;
  /** A sentence about what went wrong: stderr. */
  err(line: string): void;
  /** What is written as it is. */
  write(text: string): void;
  /** Undefined: stdout is no terminal, but a file or a pipe. */
  readonly size: ScreenSize | undefined;
}

/** That of this process. */
export const terminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  write: (text) => void process.stdout.write(text),
  get size() {
    const { isTTY, columns, rows } = process.stdout;
    return isTTY ? { columns, rows } : undefined;
  },
};
