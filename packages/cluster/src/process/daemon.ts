import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { ClusterError, type ClusterErrorCode } from "../errors.ts";

/** What is started in the background, and where its output goes. */
export interface DaemonProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Both are appended to, and made for their owner alone. */
  readonly stdoutFile: string;
  readonly logFile: string;
}

/** What a daemon tells the process that has started it. */
type FromDaemon =
  /** Shown to the user, who still waits. */
  | { readonly is: "says"; readonly sentence: string }
  /** It serves: the terminal is free. */
  | { readonly is: "ready" }
  /** It ends, because of this. */
  | { readonly is: "failed"; readonly code: ClusterErrorCode; readonly sentence: string };

/** How a daemon knows that it is one. */
const VARIABLE = "SOCK_DAEMON";

export interface DaemonOptions {
  /** Called with what it tells before it is ready. */
  says(sentence: string): void;
  /** Milliseconds to wait for it. Default 120,000: twice what a worker has. */
  within?: number;
  /** Aborted before it is ready: it is ended, too. */
  signal?: AbortSignal;
}

/**
 * Starts the program in a session of its own, which the end of the terminal does not reach, and resolves with its pid when it
 * says that it is ready.
 *
 * @throws ClusterError with what the daemon says; `FAILED` when it ends without a word, or is not ready in time: then it goes on
 * trying; the reason of `signal`
 */
export async function startDaemon(
  program: DaemonProgram,
  { says, within = 120_000, signal }: DaemonOptions,
): Promise<number> {
  const child = detached(program);
  const end = () => void child.kill("SIGTERM");
  signal?.addEventListener("abort", end, { once: true });
  try {
    await ready(child, says, within);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", end);
    child.unref();
    if (child.connected) child.disconnect();
  }
  // It has answered: it has one.
  return child.pid as number;
}

function detached({ file, args, execArgv, env, stdoutFile, logFile }: DaemonProgram): ChildProcess {
  const stdout = openForAppending("stdoutFile", stdoutFile);
  const stderr = openForAppending("logFile", logFile);
  try {
    return spawn(process.execPath, [...execArgv, file, ...args], {
      detached: true,
      stdio: ["ignore", stdout, stderr, "ipc"],
      env: { ...env, [VARIABLE]: "1" },
      windowsHide: true,
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

function openForAppending(what: string, path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ClusterError("NO_PERMISSION", `the ${what} ${path} cannot be written: ${message}`, { cause });
  }
}

function ready(child: ChildProcess, says: (sentence: string) => void, within: number): Promise<void> {
  let timeout: NodeJS.Timeout;
  return new Promise<void>((resolve, reject) => {
    const failed = (code: ClusterErrorCode, sentence: string) => reject(new ClusterError(code, sentence));
    child.on("message", (message: FromDaemon) => {
      if (message.is === "says") says(message.sentence);
      else if (message.is === "ready") resolve();
      else failed(message.code, message.sentence);
    });
    child.once("error", ({ message }) => failed("FAILED", `it cannot be started: ${message}`));
    // Comes after the last message, as "exit" need not.
    child.once("close", (code, by) =>
      failed("FAILED", `it ended before it was ready (${by ?? `exit code ${code}`})`),
    );
    const tooLong = `it is not ready after ${within / 1_000} s, and goes on trying (pid ${child.pid})`;
    timeout = setTimeout(() => failed("FAILED", tooLong), within);
  }).finally(() => clearTimeout(timeout));
}

/** What a daemon has to tell the process that has started it. */
export interface DaemonParent {
  says(sentence: string): void;
  /** The last word: the terminal is free. */
  ready(): void;
  /** The last word: the process is about to end. Resolves when it was said. */
  failed(error: unknown): Promise<void>;
}

/** Undefined: this process was not started as a daemon. Takes that out of the environment, for its children are none. */
export function daemonParent(env: NodeJS.ProcessEnv = process.env): DaemonParent | undefined {
  const isDaemon = env[VARIABLE] !== undefined && process.send !== undefined;
  delete env[VARIABLE];
  if (!isDaemon) return undefined;
  // Waiting for whoever waits for us must not keep us alive.
  process.channel?.unref();
  return {
    says: (sentence) => void tell({ is: "says", sentence }),
    ready() {
      void tell({ is: "ready" });
    },
    failed(error) {
      const code = error instanceof ClusterError ? error.code : "FAILED";
      return tell({ is: "failed", code, sentence: error instanceof Error ? error.message : String(error) });
    },
  };
}

/** Resolves when it was told, or nobody listens any more. */
function tell(message: FromDaemon): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(message, undefined, undefined, () => resolve());
  });
}
