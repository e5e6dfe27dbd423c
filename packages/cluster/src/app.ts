import { loadavg } from "node:os";
import { systemClock } from "@sock/timer";
import { ClusterError } from "./errors.ts";
import { type ClusterLogger, lineLogger } from "./logger.ts";
import { type Role, takeRole } from "./process/messages.ts";
import { whatIsMissing } from "./process/platform.ts";
import { findProcess } from "./process/process-start.ts";
import { spawn } from "./process/spawn.ts";
import { type Identity, identityOf, isRoot } from "./process/user.ts";
import { WorkerLife } from "./process/worker-life.ts";
import { openSharing } from "./sharing/choose.ts";
import type { Sharing } from "./sharing/sharing.ts";
import type { AppStatus, ConnectionsReport, WorkerStatus } from "./status.ts";
import { Supervisor } from "./supervisor.ts";
import { packageVersion } from "./version.ts";
import { type AnyWorker, Worker } from "./worker.ts";

export interface AppOptions {
  /**
   * What each worker process loads: a program that makes the same Workers, and calls `start` or `runAll` as the master does.
   * Default: the file that this process was started with.
   */
  file?: string;

  /** Tells apps of one program apart. Default: `""`. */
  name?: string;

  /** Arguments and environment of worker processes. Default: those of this process. */
  args?: readonly string[];
  execArgv?: readonly string[];
  env?: NodeJS.ProcessEnv;

  /** Milliseconds for connections to finish at a stop. Default: `Worker.stopTimeout`, 8,000. */
  stopTimeout?: number;

  /**
   * Milliseconds for connections of a process that was replaced to finish. Default 30,000: HTTP clients are told with their
   * next answer, WebSocket clients at once, and those who say nothing need not be waited for longer.
   */
  drainTimeout?: number;

  /** Milliseconds for a process to be ready, `onWorkerStart` included. Default 60,000. */
  startTimeout?: number;

  /** The part of the processes that a reload replaces at a time, 0 to 1. Default 0: one after the other. */
  reloadShare?: number;

  /** Where the master tells what becomes of its workers. Default: lines on stdout. */
  logger?: ClusterLogger;
}

/** Workers and their processes, without a command line, signals or `process.exit`. */
export interface App extends AsyncDisposable {
  /** Where the Workers really listen, in their order; `""` for those without an address. Empty before `start`. */
  readonly addresses: readonly string[];

  /**
   * Binds, forks, and resolves when every process is ready. In a worker process: runs the Worker that it was forked for.
   * @throws AddressError, ClusterError `ALREADY_RUNNING`, `NO_SUCH_USER`, `NOT_SUPPORTED`, `STOPPED`
   */
  start(): Promise<void>;

  /**
   * Lets connections finish for `within` ms (default `stopTimeout`; `Infinity`: as long as they like), and resolves when every
   * process has ended. Again: in the shorter time. In a worker process: that one is replaced.
   */
  stop(options?: { within?: number }): Promise<void>;

  /** Ends every process now. */
  kill(): Promise<void>;

  /**
   * Replaces every process by one that has loaded the program anew: it is ready before the old one drains. Resolves when
   * all are replaced, and the old ones drain: `within` ms at most (default `drainTimeout`; `Infinity`: as long as they like).
   * @throws ClusterError `NOT_RELOADED` when the new program does not come up: the old one goes on; `NOT_RUNNING`
   */
  reload(options?: { within?: number }): Promise<void>;

  /** Asks every process. One that does not answer within a second is `"busy"`. */
  status(): Promise<AppStatus>;

  /** Asks every process for its connections, `most` of each. Default 1,000. */
  connections(options?: { most?: number }): Promise<ConnectionsReport>;
}

/** A Worker, whatever its messages are. */
export type AppWorker = Pick<AnyWorker, "id" | "name" | "count" | "address" | "transport">;

/** Read once: it is taken out of the environment. */
let role: Role | undefined;
let isRoleKnown = false;

/** Who this process is: undefined for a master. */
export function ownRole(): Role | undefined {
  if (isRoleKnown) return role;
  // A master that was killed may be a zombie for a while: alive to whoever only asks for its number.
  const taken = takeRole(process.env, process.ppid, (pid) => findProcess(pid).is === "alive");
  if (taken === "orphan") process.exit(1);
  isRoleKnown = true;
  role = taken;
  return role;
}

/**
 * The Workers given, in processes of their own.
 *
 * @example
 * const app = createApp([new Worker("tcp://127.0.0.1:2347", { codec: text(), count: 2 })]);
 * await app.start();
 * await app.reload();
 * await app.stop();
 */
export function createApp(workers: readonly AppWorker[], options: AppOptions = {}): App {
  const own = ownRole();
  // Workers of any types: what they decode and encode matters to themselves alone.
  const all = workers as readonly AnyWorker[];
  if (own === undefined) return new MasterApp(all, options);
  return own.app === (options.name ?? "") ? new WorkerApp(all, own) : new IdleApp();
}

class MasterApp implements App {
  readonly #workers: readonly AnyWorker[];
  readonly #options: AppOptions;
  readonly #logger: ClusterLogger;
  readonly #file: string;
  #startedAt = 0;
  #supervisor: Supervisor | undefined;
  #sharings: readonly (Sharing | undefined)[] = [];
  #isStarted = false;

  constructor(workers: readonly AnyWorker[], options: AppOptions) {
    this.#workers = workers;
    this.#options = options;
    this.#logger = options.logger ?? lineLogger(Worker.logFile || undefined);
    this.#file = options.file ?? process.argv[1] ?? "";
  }

  get addresses(): readonly string[] {
    return this.#sharings.map((sharing) => sharing?.address ?? "");
  }

  async start(): Promise<void> {
    if (this.#isStarted) throw new ClusterError("ALREADY_RUNNING", "this app was started already");
    this.#isStarted = true;
    this.#startedAt = Date.now();
    for (const sentence of whatIsMissing(this.#workers)) this.#logger.warn({}, sentence);
    const identities = this.#workers.map((worker) => this.#identityOf(worker));
    this.#sharings = await this.#open();
    this.#supervisor = this.#supervise(identities);
    await this.#supervisor.start();
    this.#guard("onMasterStart", () => Worker.onMasterStart?.());
  }

  async stop({ within = this.#stopTimeout }: { within?: number } = {}): Promise<void> {
    await this.#supervisor?.stop(within);
  }

  async kill(): Promise<void> {
    await this.#supervisor?.kill();
  }

  async reload({ within }: { within?: number } = {}): Promise<void> {
    const { state } = this.#supervisor ?? { state: "idle" };
    if (this.#supervisor === undefined || (state !== "running" && state !== "reloading"))
      throw new ClusterError("NOT_RUNNING", "there is nothing to reload: this app does not run");
    Worker.onMasterReload?.();
    await this.#supervisor.reload(within);
  }

  async status(): Promise<AppStatus> {
    const supervisor = this.#supervisor;
    return {
      pid: process.pid,
      packageVersion: packageVersion(),
      node: process.version,
      startFile: this.#file,
      startedAt: this.#startedAt,
      uptime: this.#startedAt === 0 ? 0 : Date.now() - this.#startedAt,
      loadAverage: loadavg(),
      state: supervisor?.state ?? "idle",
      workers: await Promise.all(this.#workers.map((worker, at) => this.#statusOf(worker, at))),
    };
  }

  async connections({ most = 1_000 }: { most?: number } = {}): Promise<ConnectionsReport> {
    return (await this.#supervisor?.connections(most)) ?? { connections: [], left: 0, busy: [] };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #statusOf(worker: AnyWorker, at: number): Promise<WorkerStatus> {
    const sharing = this.#sharings[at];
    return {
      name: worker.name,
      address: sharing?.address ?? (worker.address || "none"),
      user: worker.user,
      count: worker.count,
      accept: sharing?.accept ?? "none",
      exits: this.#supervisor?.exits(at) ?? [],
      processes: (await this.#supervisor?.status(at)) ?? [],
    };
  }

  get #stopTimeout(): number {
    return this.#options.stopTimeout ?? Worker.stopTimeout;
  }

  #identityOf({ name, user, group }: AnyWorker): Identity {
    if (user === "" && group === "") return {};
    if (isRoot()) return identityOf(user, group);
    // Said already.
    if (process.platform === "win32") return {};
    this.#logger.warn(
      {},
      `${name} runs as this user, and not as "${user || group}": only root may change that`,
    );
    return {};
  }

  /** All, or none. */
  async #open(): Promise<(Sharing | undefined)[]> {
    const open: (Sharing | undefined)[] = [];
    try {
      for (const worker of this.#workers)
        open.push(await openSharing(worker, (err) => this.#logger.error({ err }, worker.address)));
    } catch (error) {
      for (const sharing of open) sharing?.close();
      throw error;
    }
    return open;
  }

  #supervise(identities: readonly Identity[]): Supervisor {
    const { args = process.argv.slice(2), execArgv = process.execArgv, env = process.env } = this.#options;
    const program = { file: this.#file, args, execArgv, env };
    return new Supervisor({
      workers: this.#workers.map((worker, at) => ({
        name: worker.name,
        asked: worker.address,
        count: worker.count,
        reloadable: worker.reloadable,
        maxEventLoopLag: worker.maxEventLoopLag,
        sharing: this.#sharings[at],
      })),
      app: this.#options.name ?? "",
      stopTimeout: this.#stopTimeout,
      startTimeout: this.#options.startTimeout ?? 60_000,
      drainTimeout: this.#options.drainTimeout ?? 30_000,
      reloadShare: this.#options.reloadShare ?? 0,
      clock: systemClock,
      random: Math.random,
      logger: this.#logger,
      spawn: (worker, role, handler) => spawn(program, role, identities[worker] ?? {}, handler),
      exited: (at, status, pid) => this.#exited(at, status, pid),
      stopped: () => this.#stopped(),
    });
  }

  #exited(at: number, status: string, pid: number): void {
    const worker = this.#workers[at] as AnyWorker;
    this.#guard("onWorkerExit", () => worker.onWorkerExit?.(worker, status, pid));
    this.#guard("onWorkerExit", () => Worker.onWorkerExit?.(worker, status, pid));
  }

  #stopped(): void {
    this.#guard("onMasterStop", () => Worker.onMasterStop?.());
  }

  /** A master outlives what its hooks throw. */
  #guard(what: string, call: () => unknown): void {
    try {
      call();
    } catch (err) {
      this.#logger.error({ err }, what);
    }
  }
}

/** An app in a process that is not its master. */
abstract class Underling implements App {
  readonly addresses: readonly string[] = [];

  abstract start(): Promise<void>;
  abstract stop(): Promise<void>;

  kill(): Promise<void> {
    return this.stop();
  }

  reload(): Promise<void> {
    return notMaster();
  }

  status(): Promise<AppStatus> {
    return notMaster();
  }

  connections(): Promise<ConnectionsReport> {
    return notMaster();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** The part of the app that this worker process is. */
class WorkerApp extends Underling {
  readonly #life: WorkerLife;

  constructor(workers: readonly AnyWorker[], role: Role) {
    super();
    const worker = workers[role.worker];
    if (worker === undefined) {
      const sentence = `the program has ${workers.length} Workers now, and its master has more: restart`;
      throw new ClusterError("OTHER_PROGRAM", sentence);
    }
    this.#life = new WorkerLife(worker, role);
  }

  start(): Promise<void> {
    return this.#life.start();
  }

  async stop(): Promise<void> {
    this.#life.recycle("it stopped itself");
  }
}

/** An app whose processes are others than this one. */
class IdleApp extends Underling {
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}

function notMaster(): Promise<never> {
  return Promise.reject(new ClusterError("NOT_MASTER", "this is a worker process: its master knows"));
}
