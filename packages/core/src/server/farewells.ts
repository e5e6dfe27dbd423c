import type { Alarm, Clock } from "@sock/timer";
import type { DrainReason } from "../connection/drain-reason.ts";

/** Peers are told in batches, so many a second. */
const BATCHES_A_SECOND = 20;

/** One that is to be drained. */
export interface Drainable {
  /** Whether its peer leaves at once. */
  readonly leavesWhenDrained: boolean;
  drain(why: DrainReason): void;
}

/** Drains connections: at once those that stay until they have finished, at a pace those whose peers come back elsewhere. */
export class Farewells {
  /** What those are told who are still to be told. */
  why: DrainReason = "drain";
  readonly #clock: Pick<Clock, "after">;
  #waiting: Drainable[] = [];
  #alarm: Alarm | undefined;

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  begin(connections: Iterable<Drainable>, perSecond: number): void {
    for (const connection of connections) {
      if (connection.leavesWhenDrained) this.#waiting.push(connection);
      else connection.drain(this.why);
    }
    this.#tell(Math.ceil(perSecond / BATCHES_A_SECOND));
  }

  /** Nobody else is told. */
  stop(): void {
    this.#alarm?.cancel();
    this.#waiting = [];
  }

  #tell(batch: number): void {
    for (const connection of this.#waiting.splice(0, batch)) connection.drain(this.why);
    if (this.#waiting.length === 0) return;
    this.#alarm = this.#clock.after(1000 / BATCHES_A_SECOND, () => this.#tell(batch));
  }
}
