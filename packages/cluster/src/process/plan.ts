import { backOff, CRASH_LOOP, shortLives } from "./back-off.ts";
import {
  type Cause,
  type Crew,
  type Fleet,
  type FleetAction,
  type FleetEvent,
  isTrying,
  type Slot,
  type WorkerRecord,
} from "./fleet.ts";
import { WORKER_LIFE, type WorkerEvent } from "./state.ts";

/** Milliseconds from the end of the time to drain until a process that has not ended by itself is killed. */
const CUT_AFTER = 2_000;

/** Milliseconds until another replacement is tried, after one that failed. */
const RECYCLE_AGAIN = 60_000;

/**
 * What the master does about `event`: the fleet after it, and what is to be carried out, in order. Knows no processes and no
 * clock.
 *
 * A process that is ready is never asked to end, and never killed, unless another one of its slot is ready, or all is to stop.
 */
export function plan(fleet: Fleet, event: FleetEvent): [Fleet, readonly FleetAction[]] {
  const planner = new Planner(fleet, event.now);
  planner.handle(event);
  return [planner.fleet, planner.actions];
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** A copy of a fleet, and what is done to it. */
class Planner {
  readonly actions: FleetAction[] = [];
  readonly #now: number;
  readonly #fleet: Draft<Fleet>;
  readonly #slots: Draft<Slot>[];
  readonly #crews: Draft<Crew>[];
  #processes: Draft<WorkerRecord>[];

  constructor(fleet: Fleet, now: number) {
    this.#now = now;
    this.#fleet = { ...fleet };
    this.#slots = fleet.slots.map((slot) => ({ ...slot }));
    this.#crews = fleet.crews.map((crew) => ({ ...crew }));
    this.#processes = fleet.processes.map((process) => ({ ...process }));
  }

  get fleet(): Fleet {
    return { ...this.#fleet, slots: this.#slots, crews: this.#crews, processes: this.#processes };
  }

  handle(event: FleetEvent): void {
    switch (event.is) {
      case "start":
        return this.#start();
      case "ready":
        return this.#ready(this.#find(event.process));
      case "gone":
        return this.#gone(this.#find(event.process), event.reason, event.random);
      case "reload":
        return this.#reload(event.within ?? this.#fleet.settings.drainTimeout);
      case "recycle":
        return this.#recycle(this.#find(event.process), event.why);
      case "stop":
        return this.#stop(event.within);
      case "kill":
        return this.#kill();
      case "tick":
        return this.#tick(event.random);
    }
  }

  // From start to stop

  #start(): void {
    if (this.#fleet.state !== "idle") return;
    this.#fleet.state = "running";
    for (const slot of this.#slots.keys()) this.#fork(slot, "start");
    this.#checkStarted();
  }

  #stop(within: number): void {
    const { state } = this.#fleet;
    if (state === "stopped") return;
    this.#fleet.state = "stopping";
    this.#endReload("the cluster stops");
    this.#fleet.recycling = [];
    for (const slot of this.#slots) {
      slot.forkAt = undefined;
      slot.isWaiting = false;
    }
    for (const process of this.#processes) this.#drain(process, within, "stop");
    this.#checkStopped();
  }

  #kill(): void {
    this.#stop(0);
    for (const process of this.#processes) this.#cut(process);
  }

  #checkStarted(): void {
    if (this.#fleet.isStarted || this.#slots.some((slot) => !slot.hasBeenReady)) return;
    this.#fleet.isStarted = true;
    this.actions.push({ do: "started" });
  }

  #checkStopped(): void {
    if (this.#fleet.state !== "stopping" || this.#processes.length > 0) return;
    this.#fleet.state = "stopped";
    this.actions.push({ do: "stopped" });
  }

  // Processes that come and go

  #ready(process: Draft<WorkerRecord> | undefined): void {
    if (process === undefined || !move(process, "ready")) return;
    const slot = this.#slotOf(process);
    const crew = this.#crewOf(process);
    process.readyAt = this.#now;
    process.deadline = Infinity;
    slot.hasBeenReady = true;
    if (crew.failures >= CRASH_LOOP) this.#say("info", `${this.#nameOf(process.slot)} has come up again`);
    crew.failures = 0;
    for (const old of this.#processes)
      if (old !== process && old.slot === process.slot && old.state === "ready")
        this.#drain(old, this.#drainTimeoutOf(process.cause), process.cause);
    this.#fillWaiting(process);
    this.#checkStarted();
    this.#replaceNext();
  }

  #gone(process: Draft<WorkerRecord> | undefined, reason: string, random: number): void {
    if (process === undefined) return;
    this.#processes = this.#processes.filter((other) => other !== process);
    if (this.#fleet.state !== "running") return this.#checkStopped();
    if (process.state === "starting") this.#failed(process, reason, random);
    else if (process.state === "ready") this.#died(process, random);
    this.#replaceNext();
  }

  /** It was ready: its slot is filled again at once, unless this happens again and again. */
  #died(process: WorkerRecord, random: number): void {
    const slot = this.#slotOf(process);
    slot.shortLives = shortLives(slot.shortLives, this.#now - (process.readyAt ?? this.#now));
    if (this.#isFilled(process.slot)) return;
    const wait = backOff(Math.max(0, slot.shortLives - 1), random);
    if (wait === 0) return this.#fork(process.slot, "death");
    slot.forkAt = this.#now + wait;
    if (slot.shortLives >= CRASH_LOOP)
      this.#say("error", `${this.#nameOf(process.slot)} dies again and again: next try in ${seconds(wait)}`);
  }

  /** It died, or was not ready in time: others of its kind would too. */
  #failed(process: WorkerRecord, reason: string, random: number): void {
    const isReload = process.cause === "reload" && this.#fleet.reload !== undefined;
    if (isReload) this.#abortReload(process, reason);
    if (process.cause === "recycle") this.#slotOf(process).recycleAt = this.#now + RECYCLE_AGAIN;
    if (this.#isFilled(process.slot)) return;
    const crew = this.#crewOf(process);
    this.#slotOf(process).isWaiting = true;
    // Those that were forked together fail together: once.
    if (process.forkedAt <= crew.failedAt) return;
    crew.failures += 1;
    crew.failedAt = this.#now;
    const wait = backOff(crew.failures, random);
    crew.retryAt = this.#now + wait;
    const dies = crew.failures >= CRASH_LOOP ? "dies at each start" : "died before it was ready";
    const level = crew.failures >= CRASH_LOOP ? "error" : "warn";
    this.#say(level, `${this.#nameOf(process.slot)} ${dies} (${reason}): next try in ${seconds(wait)}`);
  }

  #tick(random: number): void {
    for (const process of this.#processes) {
      if (process.deadline > this.#now) continue;
      const wasStarting = process.state === "starting";
      this.#cut(process);
      if (wasStarting && this.#fleet.state === "running") {
        const { startTimeout } = this.#fleet.settings;
        this.#failed(process, `it was not ready within ${seconds(startTimeout)}`, random);
      }
    }
    if (this.#fleet.state !== "running") return;
    for (const [at, slot] of this.#slots.entries())
      if (slot.forkAt !== undefined && slot.forkAt <= this.#now) this.#fork(at, "death");
    for (const [worker, crew] of this.#crews.entries())
      if (crew.retryAt <= this.#now && !isTrying(this.#draft, worker)) this.#tryOne(worker);
    this.#replaceNext();
  }

  /** The next in turn, so that one that fails always does not keep the others from trying. */
  #tryOne(worker: number): void {
    const waiting = [...this.#slots.keys()].filter((at) => this.#isWaitingOf(at, worker));
    const [first] = waiting;
    if (first === undefined) return;
    const { failures } = this.#crews[worker] as Crew;
    this.#fork(waiting[failures % waiting.length] ?? first, "death");
  }

  /** One has come up, and so may those that wait. */
  #fillWaiting({ slot }: WorkerRecord): void {
    const { worker } = this.#slots[slot] as Slot;
    for (const at of this.#slots.keys()) if (this.#isWaitingOf(at, worker)) this.#fork(at, "death");
  }

  // Replacing

  #reload(within: number): void {
    if (this.#fleet.state !== "running") return;
    if (this.#fleet.reload !== undefined) {
      // Whoever gives the most time decides for all.
      const most = Math.max(within, this.#fleet.reload.within);
      this.#fleet.reload = { ...this.#fleet.reload, again: true, within: most };
      return;
    }
    this.#say("info", "reloading");
    const queue = [...this.#slots.keys()].filter((at) => this.#isReloadable(at));
    for (const { key, slot, state } of this.#processes)
      if (state === "ready" && !this.#isReloadable(slot))
        this.actions.push({ do: "tellReload", process: key });
    this.#fleet.reload = { queue, again: false, within };
    this.#fleet.recycling = this.#fleet.recycling.filter((at) => !this.#isReloadable(at));
    this.#replaceNext();
  }

  #recycle(process: WorkerRecord | undefined, why: string): void {
    if (process?.state !== "ready" || this.#fleet.state !== "running") return;
    const { slot } = process;
    const isComing = this.#fleet.recycling.includes(slot) || this.#fleet.reload?.queue.includes(slot);
    if (isComing || this.#isStarting(slot) || this.#now < this.#slotOf(process).recycleAt) return;
    this.#say("info", `${this.#nameOf(slot)} is replaced: ${why}`);
    this.#fleet.recycling = [...this.#fleet.recycling, slot];
    this.#replaceNext();
  }

  /** Forks as many of those that come as may be replaced at a time; and notices the end. */
  #replaceNext(): void {
    if (this.#fleet.state !== "running") return;
    const { reload } = this.#fleet;
    if (reload === undefined) return this.#recycleNext();
    const { reloadShare } = this.#fleet.settings;
    const reloadable = [...this.#slots.keys()].filter((at) => this.#isReloadable(at)).length;
    const atATime = Math.max(1, Math.floor(reloadable * reloadShare));
    const queue = [...reload.queue];
    let underWay = this.#processes.filter(isReplacing("reload")).length;
    while (underWay < atATime) {
      // One that is on its way up may have read the old program.
      const next = queue.findIndex((at) => !this.#isStarting(at));
      if (next === -1) break;
      for (const at of queue.splice(next, 1)) this.#fork(at, "reload");
      underWay += 1;
    }
    this.#fleet.reload = { ...reload, queue };
    if (queue.length === 0 && underWay === 0) this.#endReload(undefined);
  }

  #recycleNext(): void {
    if (this.#processes.some(isReplacing("recycle"))) return;
    const [slot, ...others] = this.#fleet.recycling;
    if (slot === undefined) return;
    this.#fleet.recycling = others;
    // It may have died meanwhile.
    if (this.#processes.some((process) => process.slot === slot && process.state === "ready"))
      this.#fork(slot, "recycle");
    else this.#recycleNext();
  }

  #abortReload(process: WorkerRecord, reason: string): void {
    const failure = `the new ${this.#nameOf(process.slot)} did not come up: ${reason}`;
    for (const other of this.#processes.filter(isReplacing("reload"))) {
      this.#cut(other);
      if (!this.#isFilled(other.slot)) this.#slotOf(other).isWaiting = true;
    }
    this.#endReload(failure);
  }

  #endReload(failure: string | undefined): void {
    const { reload } = this.#fleet;
    if (reload === undefined) return;
    this.#fleet.reload = undefined;
    this.actions.push({ do: "reloaded", failure });
    if (failure === undefined) this.#say("info", "reloaded");
    else this.#say("error", `not reloaded: ${failure}`);
    // Whoever asked meanwhile may have mended it.
    if (reload.again) this.#reload(reload.within);
  }

  // What is done to one

  #fork(at: number, cause: Cause): void {
    const slot = this.#slots[at] as Draft<Slot>;
    const key = this.#fleet.nextKey;
    slot.forkAt = undefined;
    slot.isWaiting = false;
    this.#fleet.nextKey += 1;
    this.#processes.push({
      key,
      slot: at,
      state: "starting",
      cause,
      forkedAt: this.#now,
      readyAt: undefined,
      deadline: this.#now + this.#fleet.settings.startTimeout,
    });
    this.actions.push({ do: "fork", process: key, worker: slot.worker, id: slot.id, cause });
  }

  #drain(process: Draft<WorkerRecord>, within: number, why: Cause | "stop"): void {
    const deadline = this.#now + within + CUT_AFTER;
    const isFirst = move(process, "drain");
    if (!isFirst && (process.state !== "draining" || deadline >= process.deadline)) return;
    process.deadline = deadline;
    this.actions.push({ do: "drain", process: process.key, within, why });
  }

  #cut(process: Draft<WorkerRecord>): void {
    process.deadline = Infinity;
    if (move(process, "kill")) this.actions.push({ do: "kill", process: process.key });
  }

  #say(level: "info" | "warn" | "error", sentence: string): void {
    this.actions.push({ do: "say", level, sentence });
  }

  // What is known

  #find(key: number): Draft<WorkerRecord> | undefined {
    return this.#processes.find((process) => process.key === key);
  }

  #slotOf(process: WorkerRecord): Draft<Slot> {
    return this.#slots[process.slot] as Draft<Slot>;
  }

  #crewOf(process: WorkerRecord): Draft<Crew> {
    return this.#crews[this.#slotOf(process).worker] as Draft<Crew>;
  }

  get #draft(): Pick<Fleet, "processes" | "slots"> {
    return { processes: this.#processes, slots: this.#slots };
  }

  /** Whether a process serves there, or is on its way. */
  #isFilled(slot: number): boolean {
    return this.#processes.some(
      (process) => process.slot === slot && (process.state === "ready" || process.state === "starting"),
    );
  }

  /** For a process that another takes the place of. */
  #drainTimeoutOf(cause: Cause): number {
    const { reload, settings } = this.#fleet;
    return cause === "reload" && reload !== undefined ? reload.within : settings.drainTimeout;
  }

  #isStarting(slot: number): boolean {
    return this.#processes.some((process) => process.slot === slot && process.state === "starting");
  }

  #isWaitingOf(at: number, worker: number): boolean {
    const slot = this.#slots[at];
    return slot?.worker === worker && slot.isWaiting;
  }

  #isReloadable(at: number): boolean {
    const { worker } = this.#slots[at] as Slot;
    return this.#fleet.settings.workers[worker]?.reloadable === true;
  }

  #nameOf(at: number): string {
    const { worker, id } = this.#slots[at] as Slot;
    return `${this.#fleet.settings.workers[worker]?.name}#${id}`;
  }
}

/** False: that changes nothing. */
function move(process: Draft<WorkerRecord>, event: WorkerEvent): boolean {
  const next = WORKER_LIFE[process.state][event];
  if (next === undefined) return false;
  process.state = next;
  return true;
}

function isReplacing(cause: Cause): (process: WorkerRecord) => boolean {
  return (process) => process.state === "starting" && process.cause === cause;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
