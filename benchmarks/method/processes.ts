import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { NotAvailable } from "../suite.ts";
import type { Memory } from "./memory.ts";

/** A program and its arguments. */
export interface Program {
  file: string;
  args?: readonly string[];
  /** What runs it. Default: this Node, for which the packages are their sources. */
  runtime?: readonly string[];
}

export interface StartOptions {
  /** The one core it may run on. */
  core?: number | undefined;
  /** A file for V8 to leave a profile in, when the process ends. */
  profile?: string | undefined;
  /** More for Node. */
  flags?: readonly string[] | undefined;
}

/** Milliseconds for a server to listen, and to end. */
const PATIENCE = 15_000;

const TELL_MEMORY = ["--import", join(import.meta.dirname, "tell-memory.ts")];

const children = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts `program`. It will not outlive this process. */
export function start(
  { file, args = [], runtime }: Program,
  stdio: ("ignore" | "pipe" | "inherit" | "ipc")[],
  { core, profile, flags = [] }: StartOptions,
): ChildProcess {
  const node = [process.execPath, "--conditions=@sock/source", ...flags, ...profiling(profile)];
  const command = [...(runtime ?? node), file, ...args];
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

interface Listening {
  port: number;
  pid: number;
}

/** A process that prints `listening on <address>`; or `listening on <address> as <pid>` when a child of its own does. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #isNode: boolean;

  private constructor(child: ChildProcess, { port, pid }: Listening, isNode: boolean) {
    this.#child = child;
    this.pid = pid;
    this.port = port;
    this.#isNode = isNode;
  }

  /** @throws NotAvailable, or Error with what it printed */
  static async start(program: Program, options: StartOptions): Promise<ServerProcess> {
    const isNode = program.runtime === undefined;
    const child = isNode
      ? start(program, ["ignore", "pipe", "pipe", "ipc"], { ...options, flags: TELL_MEMORY })
      : start(program, ["ignore", "pipe", "pipe"], options);
    try {
      return new ServerProcess(child, await listening(child, program), isNode);
    } catch (error) {
      await stop(child);
      throw error;
    }
  }

  /** What it takes; when all garbage is gone, if Node runs it. @throws NotAvailable where the system does not tell */
  async memory(): Promise<Memory> {
    if (!this.#isNode) return residentOf(this.pid);
    const answered = once(this.#child, "message", { signal: AbortSignal.timeout(PATIENCE) });
    this.#child.send("memory");
    const [memory] = await answered;
    return memory as Memory;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stop(this.#child);
  }
}

function residentOf(pid: number): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const bytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
    return { resident: bytes("VmRSS"), peak: bytes("VmHWM"), heap: Number.NaN, external: Number.NaN };
  } catch {
    throw new NotAvailable("this system does not tell what another process takes");
  }
}

async function listening(child: ChildProcess, { file }: Program): Promise<Listening> {
  let errors = "";
  let isMissing = false;
  child.stderr?.on("data", (text) => {
    errors += text;
  });
  child.on("error", (error: NodeJS.ErrnoException) => {
    isMissing = error.code === "ENOENT";
    errors += error.message;
  });
  const alarm = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, port, pid = child.pid] = /^listening on .*:(\d+)(?: as (\d+))?$/.exec(line) ?? [];
    if (port === undefined) continue;
    clearTimeout(alarm);
    return { port: Number(port), pid: Number(pid) };
  }
  const code = await closed;
  clearTimeout(alarm);
  // Exit code 2: it does not know what it was asked to serve, as programs say that are used wrongly.
  if (isMissing || code === 2) throw new NotAvailable(errors.trim() || `${basename(file)} cannot serve that`);
  throw new Error(`${basename(file)} ended with ${code}: ${errors}`);
}
