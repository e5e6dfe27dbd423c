import { type EventLoop, eventLoop } from "@sock/core";
import type { SocketServer } from "@sock/core/sockets";
import { ClusterError } from "../errors.ts";
import { type AnyWorker, innerWorkers, Worker } from "../worker.ts";
import { type FromWorker, type Role, seal, type ToWorker, unseal } from "./messages.ts";
import { Reporter } from "./worker-report.ts";

/** Milliseconds for closing connections that did not finish in time: then the process ends all the same. */
const LAST_GOODBYES = 1_000;

/** How often a process looks at its own limits, in ms. */
const LOOK = 1_000;

/** How fast peers are told that come back elsewhere at once, as they do with WebSocket: see `drainRate`. */
const DRAIN_RATE = 5_000;

/** The life of one Worker in this process, from its role to the end. It ends with the process. */
export class WorkerLife {
  readonly #worker: AnyWorker;
  readonly #role: Role;
  readonly #loop: EventLoop;
  readonly #reporter: Reporter;
  readonly #leaves = new Map<number, () => void>();
  #server: SocketServer<never, never, never, never> | undefined;
  #ready: () => void = () => {};
  #hasBegun = false;
  #isEnding = false;
  #wasAsked = false;

  constructor(worker: AnyWorker, role: Role, loop: EventLoop = eventLoop) {
    this.#worker = worker;
    this.#role = role;
    this.#loop = loop;
    this.#reporter = new Reporter(worker);
  }

  /** Resolves when it serves. What fails before ends the process. */
  async start(): Promise<void> {
    this.#listenToMaster();
    this.#listenToSignals();
    const ready = new Promise<void>((resolve) => {
      this.#ready = resolve;
    });
    try {
      await this.#begin();
    } catch (error) {
      this.#fail(error);
    }
    return ready;
  }

  /** Asks the master for another process in its place. */
  recycle(why: string): void {
    this.#tell({ is: "recycle", why });
  }

  async #begin(): Promise<void> {
    const worker = this.#worker;
    const role = this.#role;
    if (worker.address !== role.asked) throw otherProgram(worker.address, role.asked);
    worker.id = role.id;
    process.title = `${Worker.processTitle}: worker process  ${worker.name}#${worker.id} ${role.address}`;
    await worker.onWorkerStart?.(worker);
    // Asked to end meanwhile.
    if (this.#isEnding) return;
    this.#watchLimits();
    if (role.serves !== "nothing") this.#server = await worker.serve(role.address);
    this.#hasBegun = true;
    this.#tell({ is: "started" });
    if (role.serves !== "sockets") this.#isReady();
  }

  #isReady(): void {
    this.#tell({ is: "ready" });
    this.#ready();
  }

  // What the master tells

  #listenToMaster(): void {
    process.on("message", (sealed, handle) => {
      const message = unseal<ToWorker>(sealed);
      if (message !== undefined) this.#told(message, handle as object | undefined);
    });
    // Without a master nobody would replace it, or stop it.
    process.once("disconnect", () => void this.#end(this.#role.stopTimeout, "stop"));
    if (!process.connected) void this.#end(this.#role.stopTimeout, "stop");
    // Node's own report on stderr stays.
    process.on("uncaughtExceptionMonitor", (error) => this.#tell(failed("an uncaught error", error)));
  }

  #told(message: ToWorker, handle: object | undefined): void {
    switch (message.is) {
      case "connection":
        // Undefined: the peer has gone on the way.
        if (handle !== undefined) this.#server?.take(handle);
        return;
      case "listen":
        return void this.#listen(message.socket, handle).catch((error) => this.#fail(error));
      case "leave":
        this.#leaves.get(message.socket)?.();
        this.#leaves.delete(message.socket);
        return;
      case "reload":
        return void this.#hearReload();
      case "drain":
        if (message.why === "reload") void this.#hearReload();
        return void this.#end(message.within ?? Infinity, message.why === "stop" ? "stop" : "drain");
      case "report":
        return void this.#reporter
          .report()
          .then((report) => this.#tell({ is: "report", request: message.request, report }));
      case "connections":
        return this.#tell({
          is: "connections",
          request: message.request,
          ...this.#reporter.connections(message.most),
        });
    }
  }

  async #listen(socket: number, handle: object | undefined): Promise<void> {
    if (this.#server === undefined || handle === undefined || this.#isEnding) return;
    const isFirst = this.#leaves.size === 0;
    const leave = await this.#server.listenWith(handle);
    this.#leaves.set(socket, leave);
    if (isFirst) this.#isReady();
  }

  async #hearReload(): Promise<void> {
    try {
      await this.#worker.onWorkerReload?.(this.#worker);
    } catch (error) {
      this.#report(error, "onWorkerReload");
    }
  }

  // Limits

  #watchLimits(): void {
    const { maxMemory, maxRequests, maxEventLoopLag } = this.#worker;
    if (maxEventLoopLag !== Infinity) this.#beat(Math.max(50, maxEventLoopLag / 4));
    if (maxMemory !== Infinity || maxRequests !== Infinity) this.#look();
  }

  #look(): void {
    const { maxMemory, maxRequests } = this.#worker;
    const { requests } = this.#reporter;
    const rss = process.memoryUsage.rss();
    if (rss > maxMemory) this.recycle(`it takes ${rss} bytes of memory, and ${maxMemory} may be`);
    else if (requests >= maxRequests)
      this.recycle(`it has had ${requests} messages, and ${maxRequests} may be`);
    this.#loop.after(LOOK, () => this.#look()).unref();
  }

  #beat(every: number): void {
    this.#tell({ is: "beat" });
    this.#loop.after(every, () => this.#beat(every)).unref();
  }

  // The end

  #listenToSignals(): void {
    // What a terminal sends to all of its processes: the master decides.
    for (const signal of ["SIGINT", "SIGHUP", "SIGQUIT"] as const) this.#loop.onSignal(signal, () => {});
    this.#loop.onSignal("SIGTERM", () => {
      // Once it asks for another in its place; who insists gets its end.
      if (this.#wasAsked) void this.#end(this.#role.stopTimeout, "drain");
      else this.recycle("it was sent SIGTERM");
      this.#wasAsked = true;
    });
  }

  /** `why`: what peers are told. Called again, it hurries. */
  async #end(within: number, why: "drain" | "stop"): Promise<void> {
    const worker = this.#worker;
    const isFirst = !this.#isEnding;
    this.#isEnding = true;
    this.#loop.after(within + LAST_GOODBYES, () => process.exit(0)).unref();
    if (!isFirst) return void this.#closeAll(within, why);
    await Promise.all([this.#drain(within, why), this.#stopped(worker)]);
    process.exit(0);
  }

  async #stopped(worker: AnyWorker): Promise<void> {
    if (!this.#hasBegun) return;
    try {
      await worker.onWorkerStop?.(worker);
    } catch (error) {
      this.#report(error, "onWorkerStop");
    }
  }

  /** In the next turn: what `onWorkerStop` sends at once goes out before the goodbye. */
  async #drain(within: number, why: "drain" | "stop"): Promise<void> {
    await new Promise<void>((resolve) => this.#loop.defer(resolve, undefined));
    await this.#closeAll(within, why);
  }

  async #closeAll(within: number, why: "drain" | "stop"): Promise<void> {
    const workers = [this.#worker, ...innerWorkers()];
    await Promise.all(workers.map((worker) => worker.close({ drain: within, drainRate: DRAIN_RATE, why })));
  }

  #fail(error: unknown): void {
    this.#report(error, "starting");
    const message = failed("it failed to start", error);
    if (process.connected) process.send?.(seal(message), undefined, {}, () => process.exit(1));
    else process.exit(1);
  }

  #report(error: unknown, during: string): void {
    console.error(`${this.#worker.name}#${this.#role.id}, ${during}:`, error);
  }

  #tell(message: FromWorker): void {
    // A master that is gone is told of by "disconnect".
    if (process.connected) process.send?.(seal(message), undefined, {}, () => {});
  }
}

function failed(what: string, error: unknown): FromWorker {
  const sentence = error instanceof Error ? error.message : String(error);
  return { is: "failed", sentence: `${what}: ${sentence}` };
}

function otherProgram(has: string, asked: string): ClusterError {
  return new ClusterError(
    "OTHER_PROGRAM",
    `the program has this Worker at ${has || "no address"} now, and its master has it at ${asked || "none"}: restart`,
  );
}
