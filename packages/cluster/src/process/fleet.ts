import type { WorkerState } from "./state.ts";

/** What the master knows of the processes it wants and has. A value: `plan` makes the next one of it. */
export interface Fleet {
  readonly settings: FleetSettings;
  readonly state: "idle" | "running" | "stopping" | "stopped";
  /** Whether every slot has had a process that was ready. */
  readonly isStarted: boolean;
  readonly slots: readonly Slot[];
  readonly crews: readonly Crew[];
  readonly processes: readonly WorkerRecord[];
  readonly reload: Reload | undefined;
  /** Slots whose processes are to be replaced, one at a time, when no reload is under way. */
  readonly recycling: readonly number[];
  /** The key of the next process. */
  readonly nextKey: number;
}

export interface FleetSettings {
  readonly workers: readonly {
    readonly name: string;
    readonly count: number;
    readonly reloadable: boolean;
  }[];
  /** Milliseconds for a process to be ready. */
  readonly startTimeout: number;
  /** Milliseconds for one that was replaced to let its connections finish. */
  readonly drainTimeout: number;
  /** The part of the processes that is replaced at a time: one at least. */
  readonly reloadShare: number;
}

/** One place for a process: the `id` of a Worker. It stays when its process is another. */
export interface Slot {
  readonly worker: number;
  readonly id: number;
  readonly hasBeenReady: boolean;
  /** How often in a row a process has died soon after it was ready. */
  readonly shortLives: number;
  /** When the next process is forked: it is empty until then. */
  readonly forkAt: number | undefined;
  /** Its process died before it was ready: the next one waits for its turn in the crew. */
  readonly isWaiting: boolean;
  /** A replacement has failed: no other is tried before. */
  readonly recycleAt: number;
}

/**
 * All slots of a Worker. Where a process dies before it is ready, others of the same program would too: they try one at a
 * time, until one comes up.
 */
export interface Crew {
  readonly failures: number;
  readonly failedAt: number;
  readonly retryAt: number;
}

/** Why a process was forked. */
export type Cause = "start" | "death" | "reload" | "recycle";

export interface WorkerRecord {
  readonly key: number;
  readonly slot: number;
  readonly state: WorkerState;
  readonly cause: Cause;
  readonly forkedAt: number;
  readonly readyAt: number | undefined;
  /** When it is killed, unless it has come on by then. */
  readonly deadline: number;
}

export interface Reload {
  /** Slots that have the old program. */
  readonly queue: readonly number[];
  /** Another was asked for meanwhile. */
  readonly again: boolean;
  /** Milliseconds for the old processes to let their connections finish. */
  readonly within: number;
}

export type FleetEvent =
  | { readonly is: "start"; readonly now: number }
  /** The process says that it serves. */
  | { readonly is: "ready"; readonly now: number; readonly process: number }
  /** The process is gone. `random`: from 0 to 1, for the jitter. */
  | {
      readonly is: "gone";
      readonly now: number;
      readonly process: number;
      readonly reason: string;
      readonly random: number;
    }
  /** `within`: ms for the old processes to let their connections finish; default `drainTimeout`. */
  | { readonly is: "reload"; readonly now: number; readonly within?: number | undefined }
  /** The process should be replaced: it has grown too large, or asks for it. */
  | { readonly is: "recycle"; readonly now: number; readonly process: number; readonly why: string }
  /** All is to end, within so many ms. Again: in the shorter time. */
  | { readonly is: "stop"; readonly now: number; readonly within: number }
  /** All is to end now. */
  | { readonly is: "kill"; readonly now: number }
  /** Time has passed. `random`: as above. */
  | { readonly is: "tick"; readonly now: number; readonly random: number };

export type FleetAction =
  | {
      readonly do: "fork";
      readonly process: number;
      readonly worker: number;
      readonly id: number;
      readonly cause: Cause;
    }
  /** It accepts no more, lets its connections finish, and ends. Told again: in the shorter time. */
  | { readonly do: "drain"; readonly process: number; readonly within: number; readonly why: Cause | "stop" }
  | { readonly do: "kill"; readonly process: number }
  /** It is not replaced, but hears of the reload. */
  | { readonly do: "tellReload"; readonly process: number }
  | { readonly do: "say"; readonly level: "info" | "warn" | "error"; readonly sentence: string }
  /** Every slot has had a process that was ready. */
  | { readonly do: "started" }
  /** A reload is over. `failure`: and the old program goes on, because of this. */
  | { readonly do: "reloaded"; readonly failure: string | undefined }
  | { readonly do: "stopped" };

/** A fleet that has not started. */
export function newFleet(settings: FleetSettings): Fleet {
  return {
    settings,
    state: "idle",
    isStarted: false,
    slots: settings.workers.flatMap(({ count }, worker) =>
      Array.from({ length: count }, (_, id) => ({
        worker,
        id,
        hasBeenReady: false,
        shortLives: 0,
        forkAt: undefined,
        isWaiting: false,
        recycleAt: 0,
      })),
    ),
    crews: settings.workers.map(() => ({ failures: 0, failedAt: -Infinity, retryAt: -Infinity })),
    processes: [],
    reload: undefined,
    recycling: [],
    nextKey: 1,
  };
}

/** When the next tick is due: Infinity where time changes nothing. */
export function nextTick(fleet: Fleet): number {
  const due = fleet.processes.map((process) => process.deadline);
  for (const slot of fleet.slots) {
    if (slot.forkAt !== undefined) due.push(slot.forkAt);
    if (slot.isWaiting && !isTrying(fleet, slot.worker)) due.push((fleet.crews[slot.worker] as Crew).retryAt);
  }
  return Math.min(Infinity, ...due);
}

/** Whether a process of this Worker is on its way up: those that wait for their turn wait for it. */
export function isTrying({ processes, slots }: Pick<Fleet, "processes" | "slots">, worker: number): boolean {
  return processes.some(({ state, slot }) => state === "starting" && slots[slot]?.worker === worker);
}
