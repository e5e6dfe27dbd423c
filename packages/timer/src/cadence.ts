/**
 * The times `start + n × interval`. Counted, not summed up, so they do not drift; those that have passed unused
 * are left out, so they do not come in a burst.
 */
export class Cadence {
  readonly #start: number;
  readonly #interval: number;
  #count = 0;

  constructor(start: number, interval: number) {
    this.#start = start;
    this.#interval = interval;
  }

  /** The n of the latest time given out. */
  get count(): number {
    return this.#count;
  }

  /** The first time after `now` that was not given out yet. */
  next(now: number): number {
    const passed = Math.floor((now - this.#start) / this.#interval);
    // Rounding, or a clock that was early, may put `passed` behind the time given out last.
    this.#count = Math.max(passed, this.#count) + 1;
    return this.#start + this.#count * this.#interval;
  }
}
