import type { Clock } from "./clock.ts";
import type { Deadline } from "./deadline.ts";
import { report } from "./report.ts";
import { systemClock } from "./system-clock.ts";
import { Wheel } from "./wheel.ts";
import { WheelEntry } from "./wheel-entry.ts";

export interface DeadlineWheelOptions {
  /** The clock to go by. Default: `systemClock`. */
  clock?: Clock | undefined;
  /** By how many milliseconds a deadline may be late. Default: 500, far below any timeout for a network peer. */
  resolution?: number | undefined;
  /** Takes what a callback throws; the other deadlines are met all the same. Default: a report on stderr. */
  onError?: ((error: unknown) => void) | undefined;
}

/**
 * Holds a great many deadlines for the price of one alarm.
 *
 * A deadline is never early, and late by one resolution at most, besides what the process is late for other reasons.
 * Those that fall due within the same half resolution are met together, in no order that is promised. A callback
 * may arm and disarm any deadline, its own included.
 *
 * The alarm never keeps the process alive. It is set by the first `arm`, and rings twice per resolution until it
 * finds nothing armed.
 */
export class DeadlineWheel {
  readonly #wheel: Wheel;

  constructor({
    clock = systemClock,
    resolution = 500,
    onError = reportDeadline,
  }: DeadlineWheelOptions = {}) {
    if (!(resolution > 0 && resolution < Infinity)) throw new RangeError(`no resolution is ${resolution} ms`);
    this.#wheel = new Wheel(clock, resolution / 2, onError);
  }

  /** Makes a deadline, disarmed, for as many uses as you like. It needs no disposal. */
  deadline(callback: () => void): Deadline {
    return new WheelEntry(this.#wheel, callback);
  }

  /** How many deadlines are armed. */
  get armed(): number {
    return this.#wheel.armed;
  }

  /** Disarms all deadlines, and lets none be armed again. */
  [Symbol.dispose](): void {
    this.#wheel.dispose();
  }
}

function reportDeadline(error: unknown): void {
  report("a deadline's callback", error);
}
