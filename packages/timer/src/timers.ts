import { Cadence } from "./cadence.ts";
import type { Alarm, Clock } from "./clock.ts";
import { report } from "./report.ts";
import { delayOf, intervalOf } from "./seconds.ts";
import { systemClock } from "./system-clock.ts";

export interface TimersOptions {
  /** The clock to go by. Default: `systemClock`. */
  clock?: Clock | undefined;
  /** Takes what a callback throws or rejects with; the timer lives on. Default: a report on stderr. */
  onError?: ((error: unknown, id: number) => void) | undefined;
}

export interface TimerOptions<A extends readonly unknown[] = []> {
  /** What the callback is called with. Default: nothing. */
  args?: A | undefined;
  /** Whether it is called again and again, or once. Default: true. */
  persistent?: boolean | undefined;
  /** Deletes the timer when it is aborted. If it is already, the timer never starts. */
  signal?: AbortSignal | undefined;
  /** Whether the timer keeps the process alive. Default: true. */
  ref?: boolean | undefined;
}

/**
 * Calls functions every so many seconds, or once, until they are deleted. All of them go when their owner does.
 *
 * The nth call is due n intervals after `add`: a timer does not drift. Calls of one timer never overlap and never
 * come in a burst: times that pass while the process is busy, while the callback is at work, or while the promise
 * that it returned is pending, are left out, and the next call comes at the next multiple.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #onError: (error: unknown, id: number) => void;
  readonly #timers = new Map<number, Timer>();
  #isDisposed = false;

  constructor({ clock = systemClock, onError = reportTimer }: TimersOptions = {}) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /**
   * Calls `callback(...args)` every `seconds` (fractions allowed), or once when not persistent; a timer that calls
   * once is deleted just before. Returns the timer's id, a positive integer that no other in this process has.
   * @throws RangeError when `seconds` is negative, not finite, or 0 for a persistent timer
   */
  add<A extends readonly unknown[] | [] = []>(
    seconds: number,
    callback: (...args: NoInfer<A>) => unknown,
    args?: A,
    persistent?: boolean,
  ): number;
  add<A extends readonly unknown[] | [] = []>(
    seconds: number,
    callback: (...args: NoInfer<A>) => unknown,
    options: TimerOptions<A>,
  ): number;
  add(
    seconds: number,
    callback: (...args: readonly unknown[]) => unknown,
    third: readonly unknown[] | TimerOptions<readonly unknown[]> = [],
    fourth = true,
  ): number {
    const options = isArgs(third) ? { args: third, persistent: fourth } : third;
    const { args = [], persistent = true, signal, ref = true } = options;
    const ms = persistent ? intervalOf(seconds) : delayOf(seconds);
    if (typeof callback !== "function")
      throw new TypeError(`a timer calls a function, not ${typeof callback}`);
    if (this.#isDisposed) throw new Error("these timers are disposed");

    const id = nextId();
    if (signal?.aborted) return id;

    const timer: Timer = {
      id,
      call: () => callback(...args),
      cadence: persistent ? new Cadence(this.#clock.now(), ms) : undefined,
      isRef: ref,
      alarm: undefined,
      signal,
      abort: () => this.del(id),
    };
    this.#timers.set(id, timer);
    signal?.addEventListener("abort", timer.abort);
    if (persistent) this.#goOn(timer);
    else this.#arm(timer, ms);
    return id;
  }

  /** Deletes a timer; its callback may do so too. False when there is none with this id. */
  del(id: number): boolean {
    const timer = this.#timers.get(id);
    if (timer === undefined) return false;
    this.#timers.delete(id);
    timer.alarm?.cancel();
    timer.signal?.removeEventListener("abort", timer.abort);
    return true;
  }

  delAll(): void {
    for (const id of this.#timers.keys()) this.del(id);
  }

  /** How many timers there are. */
  get size(): number {
    return this.#timers.size;
  }

  /** Deletes all timers, and lets none be added. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.delAll();
  }

  #arm(timer: Timer, delay: number): void {
    timer.alarm = this.#clock.after(delay, () => this.#ring(timer));
    if (!timer.isRef) timer.alarm.unref();
  }

  #ring(timer: Timer): void {
    if (timer.cadence === undefined) this.del(timer.id);
    let result: unknown;
    try {
      result = timer.call();
    } catch (error) {
      this.#failed(timer, error);
      return;
    }
    if (isPromise(result)) this.#await(timer, result);
    else this.#goOn(timer);
  }

  #await(timer: Timer, result: PromiseLike<unknown>): void {
    Promise.resolve(result).then(
      () => this.#goOn(timer),
      (error) => this.#failed(timer, error),
    );
  }

  // Goes on first: then also a handler that throws does not stop the timer.
  #failed(timer: Timer, error: unknown): void {
    this.#goOn(timer);
    this.#onError(error, timer.id);
  }

  #goOn(timer: Timer): void {
    if (timer.cadence === undefined || !this.#timers.has(timer.id)) return;
    const now = this.#clock.now();
    this.#arm(timer, timer.cadence.next(now) - now);
  }
}

interface Timer {
  readonly id: number;
  readonly call: () => unknown;
  /** `undefined` for a timer that calls once. */
  readonly cadence: Cadence | undefined;
  readonly isRef: boolean;
  readonly signal: AbortSignal | undefined;
  readonly abort: () => void;
  /** `undefined` until the timer is first armed. */
  alarm: Alarm | undefined;
}

let lastId = 0;

function nextId(): number {
  lastId += 1;
  return lastId;
}

// Array.isArray does not narrow a readonly array.
function isArgs(value: readonly unknown[] | object): value is readonly unknown[] {
  return Array.isArray(value);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}

function reportTimer(error: unknown, id: number): void {
  report(`timer ${id}`, error);
}
