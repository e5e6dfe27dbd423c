import { type ChildProcess, fork, type SendHandle } from "node:child_process";
import type { Exit } from "./exit-reason.ts";
import { type FromWorker, type Role, seal, type ToWorker, unseal, withRole } from "./messages.ts";
import type { Identity } from "./user.ts";

/** A worker process, as its master has it. */
export interface Spawned {
  readonly pid: number | undefined;
  /** `unsent`: it could not be told, because it is gone, or about to. */
  send(message: ToWorker, handle?: object, sent?: (error: Error | null) => void): void;
  kill(): void;
}

/** What becomes of it. */
export interface SpawnedHandler {
  said(message: FromWorker): void;
  /** Once, last. */
  gone(exit: Exit): void;
}

export interface Program {
  /** What each process loads anew. */
  readonly file: string;
  readonly args: readonly string[];
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Milliseconds to wait for what a process has said before it ended. */
const LAST_WORDS = 500;

/** Starts a process that loads the program in the role given. */
export function spawn(program: Program, role: Role, identity: Identity, handler: SpawnedHandler): Spawned {
  const child = fork(program.file, program.args, {
    execArgv: program.execArgv.map(ownInspectorPort),
    env: withRole(program.env, role),
    ...identity,
  });
  let failure: string | undefined;
  let isGone = false;
  const gone = (exit: Exit) => {
    if (isGone) return;
    isGone = true;
    handler.gone({ failure, ...exit });
  };
  child.on("message", (sealed) => {
    const message = unseal<FromWorker>(sealed);
    if (message === undefined || isGone) return;
    if (message.is === "failed") failure = message.sentence;
    else handler.said(message);
  });
  child.on("exit", (code, signal) => whenDisconnected(child, () => gone({ code, signal })));
  // It could not be started: there will be no exit. Else of a message that could not be sent, which is told there.
  child.on("error", (error) => {
    if (child.pid === undefined) gone({ code: null, signal: null, failure: error.message });
  });
  return {
    pid: child.pid,
    send(message, handle, sent = () => {}) {
      // Node's types know of sockets and servers, and not of what `bindSocket` makes: it takes both.
      if (child.connected) child.send(seal(message), handle as SendHandle, {}, sent);
      else sent(new Error("the process is gone"));
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** What it has said last may come after the news of its end. */
function whenDisconnected(child: ChildProcess, then: () => void): void {
  if (!child.connected) return then();
  const timeout = setTimeout(then, LAST_WORDS);
  child.once("disconnect", () => {
    clearTimeout(timeout);
    then();
  });
}

/** Two processes cannot be inspected at one port: any free one, and Node says which. */
function ownInspectorPort(option: string): string {
  return option.replace(/^(--inspect(?:-brk|-wait)?)(?:=.*)?$/, "$1=0");
}
