import type { Alarm, Clock } from "./clock.ts";

/** The time of this machine since the process began, unmoved by changes of the wall clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delay, callback) => new SystemAlarm(delay, callback),
};

// setTimeout takes anything longer for 1 ms.
const LONGEST = 2 ** 31 - 1;

// setTimeout counts whole milliseconds of its own clock and so may be early by almost one, and it knows no delay
// beyond 24.8 days. Both are mended by looking at the time again when it calls.
class SystemAlarm implements Alarm {
  readonly #due: number;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout;

  constructor(delay: number, callback: () => void) {
    this.#due = performance.now() + delay;
    this.#callback = callback;
    this.#timeout = this.#wait(delay);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  ref(): void {
    this.#timeout.ref();
  }

  unref(): void {
    this.#timeout.unref();
  }

  #wait(delay: number): NodeJS.Timeout {
    return setTimeout(() => this.#ring(), Math.min(Math.ceil(delay), LONGEST));
  }

  #ring(): void {
    const early = this.#due - performance.now();
    if (early > 0) this.#snooze(early);
    else this.#callback();
  }

  #snooze(delay: number): void {
    const isRef = this.#timeout.hasRef();
    this.#timeout = this.#wait(delay);
    if (!isRef) this.#timeout.unref();
  }
}
