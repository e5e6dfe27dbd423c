/** How a process has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it said of it before, or why it was killed. */
  readonly failure?: string | undefined;
}

/** In a word, for counting: `"exit code 1"`, `"SIGKILL"`. */
export function exitStatus({ code, signal }: Exit): string {
  if (signal !== null) return signal;
  return code === null ? "not started" : `exit code ${code}`;
}

/** In words, for people: `"exit code 1, after an uncaught error: no such table"`. */
export function exitReason(exit: Exit): string {
  const meaning = exit.failure ?? (exit.signal === null ? CODES[exit.code ?? -1] : SIGNALS[exit.signal]);
  const status = exitStatus(exit);
  return meaning === undefined ? status : `${status}: ${meaning}`;
}

/** Node's own: see "Exit codes" in its documentation of `process`. */
const CODES: Readonly<Record<number, string>> = {
  0: "it ended by itself",
  1: "an uncaught error, or process.exit(1)",
  5: "a fatal error of V8",
  7: "an uncaughtException handler threw",
  9: "a wrong option of Node",
  13: "a top-level await that never settled",
  134: "it aborted: out of memory, mostly",
  137: "it was killed, mostly because the machine was out of memory",
  143: "it was asked to end",
};

const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: "it was killed: by somebody, or by the system, which was out of memory",
  SIGABRT: "it aborted: out of memory, mostly",
  SIGSEGV: "a crash in native code",
  SIGBUS: "a crash in native code",
  SIGILL: "a crash in native code",
  SIGTERM: "it was asked to end before it could hear of it",
};
