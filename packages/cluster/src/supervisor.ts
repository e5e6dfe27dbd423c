import type { Alarm, Clock } from "@sock/timer";
import { ClusterError } from "./errors.ts";
import type { ClusterLogger } from "./logger.ts";
import { type Exit, exitReason, exitStatus } from "./process/exit-reason.ts";
import {
  type Cause,
  type Fleet,
  type FleetAction,
  type FleetEvent,
  type FleetSettings,
  newFleet,
  nextTick,
} from "./process/fleet.ts";
import type { FromWorker, Role, ToWorker } from "./process/messages.ts";
import { plan } from "./process/plan.ts";
import type { Spawned, SpawnedHandler } from "./process/spawn.ts";
import type { Member, Sharing } from "./sharing/sharing.ts";
import type { ConnectionReport, ExitCount, ProcessState, ProcessStatus, WorkerReport } from "./status.ts";

/** A Worker as its master knows it. */
export interface Supervised {
  readonly name: string;
  readonly asked: string;
  readonly count: number;
  readonly reloadable: boolean;
  readonly maxEventLoopLag: number;
  readonly sharing: Sharing | undefined;
}

export interface SupervisorOptions extends Omit<FleetSettings, "workers"> {
  workers: readonly Supervised[];
  app: string;
  stopTimeout: number;
  spawn(worker: number, role: Role, handler: SpawnedHandler): Spawned;
  clock: Clock;
  random(): number;
  logger: ClusterLogger;
  /** A process of that Worker is gone. */
  exited(worker: number, status: string, pid: number): void;
  stopped(): void;
}

/** Milliseconds that a process has to answer what it is asked. */
const ANSWER_WITHIN = 1_000;

/** Carries out what `plan` says, with processes, and tells it what they do. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #processes = new Map<number, WorkerProcess>();
  /** For each Worker, what has gone wrong: by its status. */
  readonly #exits: Map<string, ExitCount>[];
  #fleet: Fleet;
  #alarm: Alarm | undefined;
  readonly #happenings: FleetEvent[] = [];
  readonly #started = new Outcome();
  readonly #stopped = new Outcome();
  #reloading: Outcome[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#exits = options.workers.map(() => new Map());
    this.#fleet = newFleet(options);
  }

  get state(): "idle" | "running" | "reloading" | "stopping" | "stopped" {
    return this.#fleet.reload === undefined ? this.#fleet.state : "reloading";
  }

  /** Resolves when every process has been ready. */
  start(): Promise<void> {
    this.#happens({ is: "start", now: this.#now });
    return this.#started.promise;
  }

  /**
   * Resolves when every process is another; rejects when the new program does not come up, and the old one goes on.
   * `within`: ms for connections of the old ones; default `drainTimeout`.
   */
  reload(within?: number): Promise<void> {
    const outcome = new Outcome();
    this.#reloading.push(outcome);
    this.#happens({ is: "reload", now: this.#now, within });
    return outcome.promise;
  }

  /** Resolves when every process has ended. */
  stop(within: number): Promise<void> {
    this.#happens({ is: "stop", now: this.#now, within });
    this.#closeSharings();
    return this.#stopped.promise;
  }

  /** Ends every process at once. */
  kill(): Promise<void> {
    this.#happens({ is: "kill", now: this.#now });
    this.#closeSharings();
    return this.#stopped.promise;
  }

  exits(worker: number): ExitCount[] {
    return [...(this.#exits[worker]?.values() ?? [])];
  }

  /** What the processes of a Worker do, by their ids. */
  async status(worker: number): Promise<ProcessStatus[]> {
    const { processes, slots } = this.#fleet;
    const waiting = [...slots.entries()].flatMap(([at, slot]): ProcessStatus[] => {
      if (slot.worker !== worker || processes.some((process) => process.slot === at)) return [];
      return [{ id: slot.id, pid: undefined, state: "waiting", uptime: 0, report: undefined }];
    });
    const asked = [...this.#processes.values()].filter((process) => process.worker === worker);
    const told = await Promise.all(asked.map((process) => this.#statusOf(process)));
    return [...told, ...waiting].sort((a, b) => a.id - b.id);
  }

  /** Connections of all processes, `most` of each; and the pids of those that did not answer. */
  async connections(
    most: number,
  ): Promise<{ connections: ConnectionReport[]; left: number; busy: number[] }> {
    const connections: ConnectionReport[] = [];
    const busy: number[] = [];
    let left = 0;
    const ask = async (process: WorkerProcess) => {
      const answer = await process.ask((request) => ({ is: "connections", request, most }));
      if (answer?.is !== "connections") return void busy.push(process.pid ?? 0);
      connections.push(...answer.connections);
      left += answer.left;
    };
    await Promise.all([...this.#processes.values()].filter((process) => process.serves).map(ask));
    return { connections, left, busy };
  }

  async #statusOf(process: WorkerProcess): Promise<ProcessStatus> {
    const answer = process.serves ? await process.ask((request) => ({ is: "report", request })) : undefined;
    const report: WorkerReport | undefined = answer?.is === "report" ? answer.report : undefined;
    const record = this.#fleet.processes.find(({ key }) => key === process.key);
    let state: ProcessState = report === undefined ? "busy" : "idle";
    if (record?.state === "starting") state = "starting";
    else if (record?.state !== "ready") state = "draining";
    return { id: process.id, pid: process.pid, state, uptime: this.#now - process.forkedAt, report };
  }

  get #now(): number {
    return this.#options.clock.now();
  }

  /** What is carried out may make something happen at once: in its turn. */
  #happens(event: FleetEvent): void {
    this.#happenings.push(event);
    if (this.#happenings.length > 1) return;
    for (let next: FleetEvent | undefined = event; next !== undefined; next = this.#happenings[0]) {
      const [fleet, actions] = plan(this.#fleet, next);
      this.#fleet = fleet;
      for (const action of actions) this.#carryOut(action);
      this.#happenings.shift();
    }
    this.#setAlarm();
  }

  #setAlarm(): void {
    const { clock, random } = this.#options;
    this.#alarm?.cancel();
    const due = nextTick(this.#fleet);
    if (due === Infinity) return;
    this.#alarm = clock.after(due - this.#now, () =>
      this.#happens({ is: "tick", now: this.#now, random: random() }),
    );
  }

  #carryOut(action: FleetAction): void {
    switch (action.do) {
      case "fork":
        return this.#fork(action.process, action.worker, action.id);
      case "drain":
        return this.#drain(action.process, action.within, action.why);
      case "kill":
        return this.#processes.get(action.process)?.kill();
      case "tellReload":
        return this.#processes.get(action.process)?.send({ is: "reload" });
      case "say":
        return this.#say(action.level, action.sentence);
      case "started":
        return this.#started.done();
      case "reloaded":
        return this.#reloaded(action.failure);
      case "stopped":
        return this.#allStopped();
    }
  }

  #fork(key: number, worker: number, id: number): void {
    const { workers, app, stopTimeout, clock } = this.#options;
    const supervised = workers[worker] as Supervised;
    const role: Role = {
      master: process.pid,
      app,
      worker,
      id,
      asked: supervised.asked,
      address: supervised.sharing?.address ?? "",
      serves: servesWhat(supervised.sharing),
      stopTimeout,
    };
    const spawned = (handler: SpawnedHandler) => this.#options.spawn(worker, role, handler);
    const forked: WorkerProcess = new WorkerProcess(key, worker, id, supervised, clock, spawned, {
      said: (message) => this.#said(forked, message),
      gone: (exit) => this.#gone(forked, exit),
    });
    this.#processes.set(key, forked);
  }

  #said(forked: WorkerProcess, message: FromWorker): void {
    const { key } = forked;
    if (message.is === "ready") {
      this.#say("info", `${forked.name} is ready${forked.where}`, forked);
      this.#happens({ is: "ready", now: this.#now, process: key });
      forked.watch((why) => this.#happens({ is: "recycle", now: this.#now, process: key, why }));
    } else if (message.is === "recycle") {
      this.#happens({ is: "recycle", now: this.#now, process: key, why: message.why });
    }
  }

  #drain(key: number, within: number, why: Cause | "stop"): void {
    const process = this.#processes.get(key);
    process?.leave();
    process?.send({ is: "drain", within: within === Infinity ? null : within, why });
  }

  #gone(forked: WorkerProcess, exit: Exit): void {
    const { key, pid, worker, name } = forked;
    const record = this.#fleet.processes.find((process) => process.key === key);
    const wasAsked = record?.state === "draining" && exit.code === 0;
    const reason = record?.state === "cut" ? CUT : exitReason(exit);
    const status = exitStatus(exit);
    this.#processes.delete(key);
    forked.leave();
    if (!wasAsked) this.#count(worker, status, reason);
    this.#say(
      wasAsked ? "info" : "warn",
      `${name} has ended: ${wasAsked ? "as it was asked to" : reason}`,
      forked,
    );
    this.#options.exited(worker, status, pid ?? 0);
    this.#happens({ is: "gone", now: this.#now, process: key, reason, random: this.#options.random() });
  }

  #count(worker: number, status: string, reason: string): void {
    const exits = this.#exits[worker];
    exits?.set(status, { status, reason, count: (exits.get(status)?.count ?? 0) + 1 });
  }

  #reloaded(failure: string | undefined): void {
    // Whoever asked during this one hears of the next.
    const [first, ...later] = this.#reloading;
    const others = this.#fleet.reload === undefined ? later : [];
    this.#reloading = this.#fleet.reload === undefined ? [] : later;
    for (const outcome of [first, ...others]) {
      if (failure === undefined) outcome?.done();
      else outcome?.failed(new ClusterError("NOT_RELOADED", failure));
    }
  }

  #allStopped(): void {
    this.#alarm?.cancel();
    this.#closeSharings();
    this.#started.failed(new ClusterError("STOPPED", "it was stopped before all workers were ready"));
    this.#stopped.done();
    this.#options.stopped();
  }

  /** Who came now would wait for nobody. */
  #closeSharings(): void {
    for (const { sharing } of this.#options.workers) sharing?.close();
  }

  #say(level: "info" | "warn" | "error", sentence: string, process?: WorkerProcess): void {
    const details = process === undefined ? {} : { worker: process.name, pid: process.pid };
    if (level === "error") this.#options.logger.error({ err: undefined, ...details }, sentence);
    else this.#options.logger[level](details, sentence);
  }
}

/** It was killed because it had not ended, or come up, in the time that it had. */
const CUT = "it was killed, because it took too long";

function servesWhat(sharing: Sharing | undefined): Role["serves"] {
  if (sharing === undefined) return "nothing";
  return sharing.accept === "handover" ? "connections" : "sockets";
}

/** One process, with what it was asked, and how connections come to it. */
class WorkerProcess implements Member {
  readonly key: number;
  readonly worker: number;
  readonly id: number;
  readonly name: string;
  readonly forkedAt: number;
  /** Whether it has started, and can be asked. */
  serves = false;

  readonly #supervised: Supervised;
  readonly #clock: Clock;
  readonly #spawned: Spawned;
  readonly #asked = new Map<number, (answer: FromWorker | undefined) => void>();
  #lastRequest = 0;
  #beatAlarm: Alarm | undefined;
  #isBlocked: ((why: string) => void) | undefined;

  constructor(
    key: number,
    worker: number,
    id: number,
    supervised: Supervised,
    clock: Clock,
    spawn: (handler: SpawnedHandler) => Spawned,
    handler: SpawnedHandler,
  ) {
    this.key = key;
    this.worker = worker;
    this.id = id;
    this.name = `${supervised.name}#${id}`;
    this.forkedAt = clock.now();
    this.#supervised = supervised;
    this.#clock = clock;
    this.#spawned = spawn({
      said: (message) => {
        this.#said(message);
        handler.said(message);
      },
      gone: (exit) => {
        this.#beatAlarm?.cancel();
        for (const answered of this.#asked.values()) answered(undefined);
        handler.gone(exit);
      },
    });
  }

  /** Where it is reached, behind its name. */
  get where(): string {
    const { sharing } = this.#supervised;
    return sharing === undefined ? "" : ` at ${sharing.address}`;
  }

  get pid(): number | undefined {
    return this.#spawned.pid;
  }

  send(message: ToWorker, handle?: object, sent?: (error: Error | null) => void): void {
    this.#spawned.send(message, handle, sent);
  }

  kill(): void {
    this.#spawned.kill();
  }

  /** No more connections come to it. */
  leave(): void {
    this.#beatAlarm?.cancel();
    this.#isBlocked = undefined;
    this.#supervised.sharing?.leave(this);
  }

  /** Undefined: it did not answer in time, or is gone. */
  ask(question: (request: number) => ToWorker): Promise<FromWorker | undefined> {
    const request = ++this.#lastRequest;
    return new Promise((resolve) => {
      const answered = (answer: FromWorker | undefined) => {
        alarm.cancel();
        this.#asked.delete(request);
        resolve(answer);
      };
      const alarm = this.#clock.after(ANSWER_WITHIN, () => answered(undefined));
      this.#asked.set(request, answered);
      this.send(question(request));
    });
  }

  /** Tells when its event loop has stood still for longer than it may. */
  watch(isBlocked: (why: string) => void): void {
    if (this.#supervised.maxEventLoopLag === Infinity) return;
    this.#isBlocked = isBlocked;
    this.#awaitBeat();
  }

  #said(message: FromWorker): void {
    if (message.is === "started") {
      this.serves = true;
      this.#supervised.sharing?.join(this);
    } else if (message.is === "beat") {
      this.#awaitBeat();
    } else if ("request" in message) {
      this.#asked.get(message.request)?.(message);
    }
  }

  #awaitBeat(): void {
    this.#beatAlarm?.cancel();
    const { maxEventLoopLag } = this.#supervised;
    if (this.#isBlocked === undefined) return;
    // A beat comes every quarter of it.
    this.#beatAlarm = this.#clock.after(1.25 * maxEventLoopLag, () => {
      this.#isBlocked?.(`its event loop has stood still for more than ${maxEventLoopLag} ms`);
      this.#awaitBeat();
    });
  }
}

/** A promise that others settle; nobody need look at it. */
class Outcome {
  readonly promise: Promise<void>;
  done: () => void = () => {};
  failed: (error: Error) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.done = resolve;
      this.failed = reject;
    });
    this.promise.catch(() => undefined);
  }
}
