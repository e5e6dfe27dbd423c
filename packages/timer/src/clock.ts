/** Where time comes from. Whoever waits for something takes one, so that a test can move time itself. */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back, whatever happens to the wall clock. */
  now(): number;

  /**
   * Calls `callback` once, `delay` milliseconds from now (fractions allowed), never within this call.
   *
   * It is never early: in `callback`, `now()` has moved on by at least `delay`. A delay of 0 or less means as
   * soon as possible, `Infinity` means never.
   */
  after(delay: number, callback: () => void): Alarm;
}

/** One call that a clock is going to make. Every method may be called at any time, also when it was made. */
export interface Alarm {
  cancel(): void;
  /** Keeps the process alive while the alarm is pending, as it does from the start. */
  ref(): void;
  /** Lets the process end before the alarm. */
  unref(): void;
}
