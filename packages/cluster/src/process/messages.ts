import type { ConnectionReport, WorkerReport } from "../status.ts";
import type { Cause } from "./fleet.ts";

/** A worker process and its master speak the same, or not at all. */
const VERSION = 1;

/** What the master tells a worker process. */
export type ToWorker =
  /** With a socket to listen with. `socket`: its number, for `leave`. */
  | { readonly is: "listen"; readonly socket: number }
  /** Listen with that socket no more. */
  | { readonly is: "leave"; readonly socket: number }
  /** With a connection. */
  | { readonly is: "connection" }
  /** Accept no more, let connections finish for so many ms, and end. `null`: for ever, as JSON has no infinity. */
  | { readonly is: "drain"; readonly within: number | null; readonly why: Cause | "stop" }
  /** The others are replaced. */
  | { readonly is: "reload" }
  | { readonly is: "report"; readonly request: number }
  | { readonly is: "connections"; readonly request: number; readonly most: number };

/** What a worker process tells its master. */
export type FromWorker =
  /** `onWorkerStart` is done: connections may come. */
  | { readonly is: "started" }
  /** Connections come. */
  | { readonly is: "ready" }
  /** It is about to end, because of this. */
  | { readonly is: "failed"; readonly sentence: string }
  /** It wants to be replaced. */
  | { readonly is: "recycle"; readonly why: string }
  /** Its event loop turns. */
  | { readonly is: "beat" }
  | { readonly is: "report"; readonly request: number; readonly report: WorkerReport }
  | {
      readonly is: "connections";
      readonly request: number;
      readonly connections: readonly ConnectionReport[];
      readonly left: number;
    };

/** How a worker process is told who it is. */
export interface Role {
  /** Of the master. A process that was forked by somebody else has no role. */
  readonly master: number;
  /** `AppOptions.name`. */
  readonly app: string;
  /** Which of the app's Workers, and which of its ids. */
  readonly worker: number;
  readonly id: number;
  /** As the master's Worker has it, and where it really is. */
  readonly asked: string;
  readonly address: string;
  readonly serves: "sockets" | "connections" | "nothing";
  /** For a worker whose master is gone. */
  readonly stopTimeout: number;
}

const VARIABLE = "SOCK_WORKER";

/** The environment of a worker process. */
export function withRole(env: NodeJS.ProcessEnv, role: Role): NodeJS.ProcessEnv {
  return { ...env, [VARIABLE]: JSON.stringify({ version: VERSION, ...role }) };
}

/**
 * Takes the role out of the environment, so that no process that is started from here takes it for its own.
 *
 * `"orphan"`: the master has died while this process was starting. To take itself for a master then would be the worst: it
 * would go on for ever, beside the next one.
 */
export function takeRole(
  env: NodeJS.ProcessEnv,
  parent: number,
  isAlive: (pid: number) => boolean,
): Role | "orphan" | undefined {
  const text = env[VARIABLE];
  delete env[VARIABLE];
  if (text === undefined) return undefined;
  const { version, ...role } = JSON.parse(text) as Role & { version: number };
  // Of a process between: it was meant for that one.
  if (role.master !== parent) return isAlive(role.master) ? undefined : "orphan";
  if (version === VERSION) return role;
  throw new TypeError(
    `the master speaks version ${version} of @sock/cluster's messages, and this process ${VERSION}: restart`,
  );
}

/** Others may send messages on the same channel. */
export function seal<T extends ToWorker | FromWorker>(message: T): object {
  return { sock: VERSION, ...message };
}

/** Undefined: it is somebody else's. */
export function unseal<T extends ToWorker | FromWorker>(sealed: unknown): T | undefined {
  if (typeof sealed !== "object" || sealed === null || !("sock" in sealed)) return undefined;
  return sealed.sock === VERSION ? (sealed as unknown as T) : undefined;
}
