// Not the global one: a test may have put a fake in its place.
import { setImmediate } from "node:timers";
import type { Alarm, Clock } from "./clock.ts";

/** A clock that stands still until it is told to move. For tests. */
export class ManualClock implements Clock {
  #now: number;
  // In the order in which they ring.
  readonly #alarms: ManualAlarm[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): Alarm {
    const due = this.#now + Math.max(delay, 0);
    const alarm = new ManualAlarm(this.#alarms, due, callback);
    const later = this.#alarms.findLastIndex((other) => other.due <= due) + 1;
    this.#alarms.splice(later, 0, alarm);
    return alarm;
  }

  /**
   * Moves on by `ms` and runs what falls due on the way, alarms armed on the way included: in order of due time,
   * equals in order of arming. Each callback finds `now()` at its own due time.
   *
   * What a callback throws comes out here. The clock then stands where it was thrown, and may be moved on.
   */
  advance(ms: number): void {
    const end = this.#after(ms);
    while (this.#ringNext(end)) {}
    this.#moveTo(end);
  }

  /**
   * Like `advance`, but before, between and after the callbacks everything comes to rest that waits for nothing but
   * promises and `process.nextTick`, however long the chain.
   */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#after(ms);
    do await settled();
    while (this.#ringNext(end));
    this.#moveTo(end);
  }

  /**
   * Lets `ms` pass with nothing run, as they do while a callback keeps a process busy. What falls due meanwhile
   * runs with the next `advance`, late, and finds `now()` at the time that it then is.
   */
  block(ms: number): void {
    this.#moveTo(this.#after(ms));
  }

  /** How many alarms have yet to ring. */
  get pending(): number {
    return this.#alarms.length;
  }

  /** When the first of them is due. */
  get next(): number | undefined {
    return this.#alarms[0]?.due;
  }

  /** Whether one of them would keep a process alive. */
  get isRef(): boolean {
    return this.#alarms.some((alarm) => alarm.isRef);
  }

  #after(ms: number): number {
    if (ms >= 0 && ms < Infinity) return this.#now + ms;
    throw new RangeError(`a clock moves on by 0 ms or more, not by ${ms}`);
  }

  #ringNext(end: number): boolean {
    const [alarm] = this.#alarms;
    if (alarm === undefined || alarm.due > end) return false;
    this.#alarms.shift();
    this.#moveTo(alarm.due);
    alarm.ring();
    return true;
  }

  #moveTo(time: number): void {
    if (time > this.#now) this.#now = time;
  }
}

class ManualAlarm implements Alarm {
  readonly due: number;
  readonly ring: () => void;
  isRef = true;
  readonly #pending: ManualAlarm[];

  constructor(pending: ManualAlarm[], due: number, ring: () => void) {
    this.#pending = pending;
    this.due = due;
    this.ring = ring;
  }

  cancel(): void {
    const at = this.#pending.indexOf(this);
    if (at !== -1) this.#pending.splice(at, 1);
  }

  ref(): void {
    this.isRef = true;
  }

  unref(): void {
    this.isRef = false;
  }
}

// Node turns to its immediates when there is no tick and no promise left to run.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
