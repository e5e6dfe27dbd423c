import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { isAbsolute } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { freshFolder, programEnv, programPath } from "./launch.ts";
import { Log } from "./log.ts";

export interface Running {
  process: ChildProcess;
  /** Its stdout and stderr, and those of its workers. */
  log: Log;
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  /** Resolves when it has ended, and all that it said is in the log. */
  closed: Promise<unknown>;
  /** Where its first Worker listens. */
  address(): Promise<string>;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Runs `programs/<program>.ts`, or the file at that path, with a command line, as a user does; it is over with the test. Its files lie in a folder of its own,
 * unless `TMPDIR` is given: then it meets others.
 */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const options = ["--conditions=@sock/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(
    process.execPath,
    [...options, isAbsolute(program) ? program : programPath(program), ...args],
    {
      env: programEnv({ TMPDIR: freshFolder(), ...env }),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const log = new Log();
  const read = [child.stdout, child.stderr].map((stream) => {
    const lines = createInterface(stream).on("line", (line) => log.add(line));
    return once(lines, "close");
  });
  return {
    process: child,
    log,
    closed: Promise.all(read),
    ended: once(child, "exit").then(([code, signal]) => code ?? signal),
    async address() {
      const line = await log.until(/is ready at /);
      return line.slice(line.indexOf(" at ") + 4);
    },
    signal: (signal) => void child.kill(signal),
  };
}

/** Resolves when no process has this pid any more. A zombie has. */
export async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
