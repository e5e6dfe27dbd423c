import { devNull } from "node:os";
import type { Bytes } from "@sock/codec";
import {
  type Connection,
  type EventLoop,
  eventLoop,
  type Handlers,
  listen,
  type Present,
  type Server,
  type ServerCloseOptions,
  type ServerOptions,
} from "@sock/core";
import {
  bindSocket,
  canBindShared,
  parseStreamAddress,
  type SocketServer,
  type StreamAddress,
  serveSockets,
} from "@sock/core/sockets";
import { ClusterError } from "./errors.ts";

/**
 * How connections come to the processes of a Worker. The master never reads a byte of them.
 *
 * - `"reusePort"`: each process has a listening socket of its own, and the kernel shares connections out among them, by a hash.
 *   Linux, TCP, from Node 22.12 on. The sockets are the master's: they stay when processes come and go, with the connections
 *   that wait in them
 * - `"shared"`: all processes listen with one socket, and who comes first accepts. Quick, but some get far more than others
 * - `"handover"`: the master accepts, and hands connections over unread, to one process after the other. The most even, and
 *   some 50 µs of the master's time for each connection. Works everywhere
 * - `"auto"`: `"reusePort"` where that can be had; else `"shared"` for one process alone, and `"handover"` for more, and for
 *   unix sockets. See `benchmarks/cluster/fairness.ts`
 */
export type Accept = "auto" | "reusePort" | "shared" | "handover";

/** What a Worker is. All may also be set on the Worker, until it starts. */
export interface WorkerOptions<In, Out = In, Note = never, Context = unknown>
  extends ServerOptions<In, Out, Note, Context> {
  /** Shown in the log and the status. Default: `"none"`, as the ancestor's. */
  name?: string;

  /** Processes. Default 1; the ancestor's manual suggests one a core where work is computation, and 3 to 5 where it waits. */
  count?: number;

  /** Whom the processes run as, from their first instruction on. As root only: else it is said, and left. Default: `""`. */
  user?: string;
  /** Default: the user's own. */
  group?: string;

  /** Whether a reload replaces the processes. Else they only hear `onWorkerReload`. Default: true. */
  reloadable?: boolean;

  /** How connections come to the processes. Default: `"auto"`. */
  accept?: Accept;

  /** `true`: as `accept: "reusePort"`, by the ancestor's name; and `listen()` shares its address with other processes. */
  reusePort?: boolean;

  /** Bytes of memory (RSS), from which on a process is replaced by another. Looked at every second. Default: none. */
  maxMemory?: number;

  /** Messages after which a process is replaced by another: for programs that leak. Default: none. */
  maxRequests?: number;

  /** Milliseconds for which its event loop may stand still before a process is replaced by another. Default: none. */
  maxEventLoopLag?: number;

  /** In each process, before connections come: they wait until the promise returned, if any, is fulfilled. */
  onWorkerStart?(worker: Worker<In, Out, Note, Context>): unknown;

  /**
   * In each process that was asked to end, while its connections are still there; the process ends when they have gone and the
   * promise returned, if any, is settled. What connections need until then is closed after `await worker.drained()`. Not
   * called when a process dies.
   */
  onWorkerStop?(worker: Worker<In, Out, Note, Context>): unknown;

  /** In each process at a reload: also where `reloadable` is false. */
  onWorkerReload?(worker: Worker<In, Out, Note, Context>): unknown;

  /** In the master: a process has ended. `status`: `"exit code 1"`, `"SIGKILL"`. */
  onWorkerExit?(worker: Worker<In, Out, Note, Context>, status: string, pid: number): unknown;
}

/** The same of a Worker without a codec, whose messages are the chunks as they come. */
export type RawWorkerOptions<Context> = Omit<WorkerOptions<Buffer, Bytes, never, Context>, "codec"> & {
  codec?: undefined;
};

/** All that were made in this process, in order: for `runAll`. */
const made: Worker<never, never, never, never>[] = [];

/** A Worker whose types are somebody else's concern. */
export type AnyWorker = Worker<never, never, never, never>;

export function madeWorkers(): readonly AnyWorker[] {
  return made;
}

/**
 * A server in processes of its own, or a task without one.
 *
 * It is described in the master and runs in each worker process: each loads the program anew, and with it this
 * description.
 *
 * @example
 * const worker = new Worker("tcp://0.0.0.0:2347", { codec: text(), count: 4, name: "hello" });
 * worker.onMessage = (connection, line) => connection.send(`hello ${line}`);
 * runAll();
 */
export class Worker<In = Buffer, Out = Bytes, Note = never, Context = Record<string, unknown>> {
  /** Of this process, from 0 to `count - 1`. A process that takes the place of another has its id. In the master: 0. */
  id = 0;
  name = "none";
  count = 1;
  user = "";
  group = "";
  reloadable = true;
  reusePort = false;
  accept: Accept = "auto";
  maxMemory = Infinity;
  maxRequests = Infinity;
  maxEventLoopLag = Infinity;
  codec: ServerOptions<In, Out, Note, Context>["codec"] | undefined;

  onWorkerStart: WorkerOptions<In, Out, Note, Context>["onWorkerStart"];
  onWorkerStop: WorkerOptions<In, Out, Note, Context>["onWorkerStop"];
  onWorkerReload: WorkerOptions<In, Out, Note, Context>["onWorkerReload"];
  onWorkerExit: WorkerOptions<In, Out, Note, Context>["onWorkerExit"];
  onConnect: Handlers<In, Out, Note, Context>["onConnect"];
  onMessage: Handlers<In, Out, Note, Context>["onMessage"];
  onNote: Handlers<In, Out, Note, Context>["onNote"];
  onBufferFull: Handlers<In, Out, Note, Context>["onBufferFull"];
  onBufferDrain: Handlers<In, Out, Note, Context>["onBufferDrain"];
  onEnd: Handlers<In, Out, Note, Context>["onEnd"];
  onError: Handlers<In, Out, Note, Context>["onError"];
  onClose: Handlers<In, Out, Note, Context>["onClose"];

  /** Where it listens, as it was given; `""`: nowhere. */
  readonly address: string;

  #server: Server<In, Out, Note, Context> | undefined;
  #isStopping = false;
  readonly #drained: Promise<void>;
  #areDrained: () => void = () => {};

  /** For `runAll`: whether the master leaves the terminal. `start -d` sets it. */
  static daemonize = false;
  /** Where a daemon's stdout goes, and that of its workers. Default: nowhere. */
  static stdoutFile = devNull;
  /**
   * The file that says which process is the master; the control socket lies beside it. Default: `""`, in `/tmp/sock-<uid>`, named
   * after the start file and its path. Another one for each of several masters of one start file.
   */
  static pidFile = "";
  /**
   * Where the master's log goes, and a daemon's stderr. Default: `""`: stdout, and for a daemon a file beside the default
   * `pidFile`, which goes when the daemon is stopped.
   */
  static logFile = "";
  /**
   * Milliseconds for connections to finish when all is stopped. Default 8,000: `docker stop` kills after 10,000. The ancestor
   * has 2,000.
   */
  static stopTimeout = 8_000;
  /** What processes are called in `ps`. */
  static processTitle = "sock";
  /** Clock, timers, deferral and signals of this process. */
  static readonly globalEvent: EventLoop = eventLoop;

  /** In the master, when every process is ready for the first time. */
  static onMasterStart: (() => unknown) | undefined;
  /** In the master, at a reload. */
  static onMasterReload: (() => unknown) | undefined;
  /** In the master, when all workers have ended. */
  static onMasterStop: (() => unknown) | undefined;
  /** In the master, for all Workers. */
  static onWorkerExit: ((worker: AnyWorker, status: string, pid: number) => unknown) | undefined;

  /**
   * @param address `tcp://host:port`, `tls://host:port` or `unix:/path`. Omitted: for timers and tasks. Datagrams (`udp://`)
   * and inherited sockets (`fd://`, `systemd:`) cannot be shared out among processes: `listen` of `@sock/core` takes them,
   * within `onWorkerStart`
   * @throws TypeError, RangeError: an option is not one, or it is another address
   */
  constructor(address: string | undefined, options: WorkerOptions<In, Out, Note, Context>);
  constructor(address?: string, options?: RawWorkerOptions<Context>);
  constructor(address?: string, options?: object) {
    this.address = address ?? "";
    checkAddress(this.address);
    this.#drained = new Promise((resolve) => {
      this.#areDrained = resolve;
    });
    // All of them are properties too, those of the server included: it is given the Worker itself for its options.
    Object.assign(this, options);
    checkOptions(this);
    made.push(this as unknown as AnyWorker);
  }

  /** `"tcp"`, `"tls"`, `"unix"`; `"none"` without an address. */
  get transport(): StreamAddress["transport"] | "none" {
    return this.address === "" ? "none" : parseStreamAddress(this.address).transport;
  }

  /** Those of this process. */
  get connections(): Present<Connection<In, Out, Note, Context>> {
    return this.#server?.connections ?? NONE;
  }

  /** Whether this process was asked to end. */
  get stopping(): boolean {
    return this.#isStopping;
  }

  /** That of this process; undefined in the master, and before `onWorkerStart` is done. */
  get server(): Server<In, Out, Note, Context> | undefined {
    return this.#server;
  }

  /**
   * Listens in this process, whatever it is: a second address within a worker, say for pushing. Its `onWorkerStart` is
   * not called. With `reusePort`, processes may do so at the same address: those of several ids, and at a reload the old and
   * the new one.
   *
   * Make such a Worker within `onWorkerStart`. One that is made where the program is loaded is made in the master too, and
   * `runAll` gives it processes of its own, at the same address.
   * @throws AddressError, ClusterError `NOT_SUPPORTED`
   */
  async listen(): Promise<Server<In, Out, Note, Context>> {
    this.#server = this.reusePort ? await this.#listenShared() : await listen(this.address, this.#options);
    inner.add(this as unknown as AnyWorker);
    return this.#server;
  }

  /** Stops accepting in this process, without closing connections, until `resumeAccept`. */
  pauseAccept(): void {
    this.#server?.pauseAccept();
  }

  resumeAccept(): void {
    this.#server?.resumeAccept();
  }

  /** Resolves when all connections of this process are gone, once it was asked to end. */
  drained(): Promise<void> {
    return this.#drained;
  }

  /** Accepts no more and closes every connection in this process: what ends `listen()`. */
  async close(options: ServerCloseOptions = {}): Promise<void> {
    this.#isStopping = true;
    await this.#server?.close(options);
    inner.delete(this as unknown as AnyWorker);
    this.#areDrained();
  }

  /** @internal A server at `address` that is given what it serves. */
  async serve(address: string): Promise<SocketServer<In, Out, Note, Context>> {
    const server = await serveSockets(address, this.#options);
    this.#server = server;
    return server;
  }

  async #listenShared(): Promise<Server<In, Out, Note, Context>> {
    const address = parseStreamAddress(this.address);
    if (address.transport === "unix" || !canBindShared)
      throw new ClusterError(
        "NOT_SUPPORTED",
        `${this.address} cannot be shared: reusePort is for TCP on Linux, Node 22.12`,
      );
    const socket = await bindSocket(address, { isShared: true });
    const server = await serveSockets(socket.address, this.#options);
    await server.listenWith(socket.handle);
    return server;
  }

  get #options(): ServerOptions<In, Out, Note, Context> {
    // Without a codec, its types are those of `raw`: the constructor sees to it.
    return this as unknown as ServerOptions<In, Out, Note, Context>;
  }
}

const NONE: Present<never> = new Set<never>();

/** Workers that listen by themselves within this process. */
const inner = new Set<AnyWorker>();

export function innerWorkers(): ReadonlySet<AnyWorker> {
  return inner;
}

function checkAddress(address: string): void {
  const inWords = NOT_SHARED[/^\w+(?=:)/.exec(address)?.[0] ?? ""];
  if (inWords !== undefined)
    throw new TypeError(
      `"${address}" is no address of a Worker: ${inWords} cannot be shared out among processes. listen() of @sock/core takes them, within onWorkerStart`,
    );
  if (address !== "") parseStreamAddress(address);
}

/** What `listen` takes, and a Worker does not. */
const NOT_SHARED: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never,
  udp: "datagrams",
  fd: "inherited sockets",
  systemd: "inherited sockets",
};

function checkOptions(worker: {
  count: number;
  accept: string;
  maxMemory: number;
  maxRequests: number;
  maxEventLoopLag: number;
}): void {
  // As the ancestor does.
  if (worker.count < 1) worker.count = 1;
  if (!Number.isInteger(worker.count))
    throw new RangeError(`count ${worker.count} is not a number of processes`);
  if (!ACCEPTS.has(worker.accept))
    throw new TypeError(`accept is one of ${[...ACCEPTS].join(", ")}, and not ${worker.accept}`);
  for (const limit of ["maxMemory", "maxRequests", "maxEventLoopLag"] as const)
    if (!(worker[limit] > 0)) throw new RangeError(`${limit} ${worker[limit]} is not a positive number`);
}

const ACCEPTS: ReadonlySet<string> = new Set(["auto", "reusePort", "shared", "handover"]);
