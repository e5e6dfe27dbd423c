import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline";

/** A program and its arguments. */
export interface Program {
  file: string;
  args?: string[];
}

export interface StartOptions {
  /** The one core it may run on. */
  core?: number | undefined;
  /** A file for V8 to leave a profile in, when the process ends. */
  profile?: string | undefined;
}

/** Milliseconds for a server to listen, and to end. */
const PATIENCE = 15_000;

/** A server does not know what it was asked to serve: it left with exit code 2, as programs do that are used wrongly. */
export class NotAvailable extends Error {}

const children = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts Node with `program`. It will not outlive this process. */
export function start(
  { file, args = [] }: Program,
  stdio: ("ignore" | "pipe" | "inherit" | "ipc")[],
  { core, profile }: StartOptions,
): ChildProcess {
  const command = [process.execPath, "--conditions=@sock/source", ...profiling(profile), file, ...args];
  if (core !== undefined) command.unshift("taskset", "-c", `${core}`);
  const [name = "", ...rest] = command;
  const child = spawn(name, rest, { stdio });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** A sample each 200 µs, so that a few seconds tell something. */
function profiling(profile: string | undefined): string[] {
  if (profile === undefined) return [];
  const where = [`--cpu-prof-dir=${dirname(profile)}`, `--cpu-prof-name=${basename(profile)}`];
  return ["--cpu-prof", "--cpu-prof-interval=200", ...where];
}

/** Resolves when `child` is gone, which it is asked for first and made to be then. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const alarm = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  await exit;
  clearTimeout(alarm);
}

/** A process that prints `listening on <address>`. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.pid = child.pid!;
    this.port = port;
  }

  /** @throws NotAvailable, or Error with what it printed */
  static async start(program: Program, options: StartOptions): Promise<ServerProcess> {
    const child = start(program, ["ignore", "pipe", "pipe"], options);
    try {
      return new ServerProcess(child, await portOf(child));
    } catch (error) {
      await stop(child);
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stop(this.#child);
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  let errors = "";
  child.stderr?.on("data", (text) => {
    errors += text;
  });
  const alarm = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  const closed = once(child, "close");
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, port] = /^listening on .*:(\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    clearTimeout(alarm);
    return Number(port);
  }
  const [code] = await closed;
  clearTimeout(alarm);
  throw code === 2 ? new NotAvailable(errors.trim()) : new Error(`the server ended with ${code}: ${errors}`);
}
