import { rmSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { type EventLoop, eventLoop } from "@sock/core";
import { every } from "@sock/timer";
import type { App } from "../app.ts";
import { type Controlled, ControlServer } from "../control/control-server.ts";
import { makeOwnFolder } from "../control/own-folder.ts";
import type { RunFiles } from "../control/run-files.ts";
import { ClusterError } from "../errors.ts";
import type { ClusterLogger } from "../logger.ts";
import type { DaemonParent } from "../process/daemon.ts";
import { PidFile } from "../process/pid-file.ts";
import { type ServiceManager, serviceManager } from "../process/service-manager.ts";
import { renderBanner } from "../status/banner.ts";
import { packageVersion } from "../version.ts";
import { SourceWatcher } from "../watch.ts";
import type { AnyWorker } from "../worker.ts";

export interface ProgramOptions {
  readonly app: App;
  readonly workers: readonly AnyWorker[];
  readonly files: RunFiles;
  /** `node chat.ts`. */
  readonly program: string;
  readonly startFile: string;
  readonly stopTimeout: number;
  readonly logger: ClusterLogger;
  /** Absent: it runs in the foreground. */
  readonly daemon: DaemonParent | undefined;
  readonly isQuiet: boolean;
  readonly isWatching: boolean;
  /** The daemon's log is a file that goes with it. */
  readonly isLogOurs: boolean;
}

/**
 * Runs the app until it is told to stop: by a signal, or at its control socket. While it runs there is its pid file, and at the end
 * nothing is left of it.
 *
 * @throws ClusterError `ALREADY_RUNNING`, `NO_PERMISSION`, and what `App.start` throws: nothing runs then
 */
export async function runProgram(options: ProgramOptions): Promise<void> {
  const { files } = options;
  if (files.ownFolder !== undefined) makeOwnFolder(files.ownFolder);
  const pidFile = PidFile.claim(files.pidFile, files.control);
  // However this process ends, but by being killed.
  process.once("exit", () => {
    if (pidFile.release() && process.platform !== "win32") rmSync(files.control, { force: true });
  });
  const program = new Program(options);
  const control = await new ControlServer(program).listen(files.control);
  try {
    await program.run();
  } finally {
    await control.close();
  }
  if (options.isLogOurs) rmSync(files.log, { force: true });
}

class Program implements Controlled {
  readonly #options: ProgramOptions;
  readonly #loop: EventLoop = eventLoop;
  readonly #service: ServiceManager | undefined;
  readonly #stopped: Promise<void>;
  readonly #over = new AbortController();
  #isStopping = false;
  #hasStopped: () => void = () => {};

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#service = serviceManager((sentence) => options.logger.warn({}, sentence));
    this.#stopped = new Promise((resolve) => {
      this.#hasStopped = resolve;
    });
  }

  /** Resolves when all has stopped. */
  async run(): Promise<void> {
    this.#listenToSignals();
    void this.#stayAlive();
    await this.#start();
    await this.#stopped;
    this.#over.abort();
    await this.#service?.settled();
  }

  status() {
    return this.#options.app.status();
  }

  connections(most: number) {
    return this.#options.app.connections({ most });
  }

  async reload(isGraceful: boolean): Promise<void> {
    this.#service?.reloading();
    try {
      await this.#options.app.reload(isGraceful ? { within: Infinity } : {});
    } finally {
      // `RELOADING=1` is over with the next `READY=1`, whatever came of it.
      if (!this.#isStopping) this.#service?.ready(this.#summary);
    }
  }

  async stop(isGraceful: boolean): Promise<void> {
    const { app, stopTimeout } = this.#options;
    if (!this.#isStopping) this.#service?.stopping();
    this.#isStopping = true;
    await app.stop({ within: isGraceful ? Infinity : stopTimeout });
    this.#hasStopped();
  }

  async #start(): Promise<void> {
    try {
      await this.#options.app.start();
    } catch (error) {
      if (error instanceof ClusterError && error.code === "STOPPED") return;
      throw error;
    }
    // Asked before there was anything to stop.
    if (this.#isStopping) await this.stop(false);
    else this.#ready();
  }

  async #kill(): Promise<void> {
    await this.#options.app.kill();
    this.#hasStopped();
  }

  #listenToSignals(): void {
    let asked = 0;
    const stop = (isGraceful: boolean) => {
      asked += 1;
      void (asked === 1 ? this.stop(isGraceful) : this.#kill());
    };
    // What has failed has been said in the log.
    const reload = () => void this.reload(false).catch(() => undefined);
    const isTerminal = process.stdout.isTTY;
    for (const signal of ["SIGINT", "SIGTERM"] as const) this.#loop.onSignal(signal, () => stop(false));
    if (isTerminal) this.#loop.onSignal("SIGHUP", () => stop(false));
    if (process.platform === "win32") return;
    this.#loop.onSignal("SIGQUIT", () => stop(true));
    // Node starts its inspector at SIGUSR1 where nobody listens.
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) this.#loop.onSignal(signal, reload);
    if (!isTerminal) this.#loop.onSignal("SIGHUP", reload);
  }

  #ready(): void {
    const { isQuiet, isWatching, daemon } = this.#options;
    if (!isQuiet) for (const line of this.#banner()) this.#show(line);
    daemon?.ready();
    this.#service?.ready(this.#summary);
    if (isWatching) this.#watch();
  }

  /** To whoever has started it. */
  #show(line: string): void {
    const { daemon } = this.#options;
    if (daemon === undefined) console.log(line);
    else daemon.says(line);
  }

  #banner(): string[] {
    const { workers, app, program, daemon } = this.#options;
    return renderBanner({
      version: packageVersion(),
      node: process.version,
      program,
      isDaemon: daemon !== undefined,
      workers: workers.map(({ name, user, transport, count }, at) => ({
        name,
        user: user || userInfo().username,
        transport,
        address: app.addresses[at] || "none",
        count,
      })),
    });
  }

  get #summary(): string {
    return this.#options.workers.map(({ name, count }) => `${name} ${count}`).join(", ");
  }

  #watch(): void {
    const { startFile, logger } = this.#options;
    const changed = (path: string) => {
      logger.info({}, `${path} has changed`);
      void this.reload(false).catch(() => undefined);
    };
    const warn = (sentence: string) => logger.warn({}, sentence);
    const watcher = new SourceWatcher(dirname(startFile), changed, { warn });
    this.#over.signal.addEventListener("abort", () => watcher.close());
  }

  /** systemd restarts a service whose event loop stands still. */
  async #stayAlive(): Promise<void> {
    const interval = this.#service?.watchdogEvery;
    if (interval === undefined) return;
    for await (const _ of every(interval / 1_000, { signal: this.#over.signal })) this.#service?.alive();
  }
}
