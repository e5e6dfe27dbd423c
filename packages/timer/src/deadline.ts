/** A call that is put off again and again, and mostly never made. */
export interface Deadline {
  /**
   * The callback is due in `ms` from now, and no longer when it was due before. `Infinity` never comes.
   * @throws RangeError when `ms` is negative or not a number
   */
  arm(ms: number): void;
  disarm(): void;
  /** From `arm` until `disarm`, or until just before the callback. */
  readonly isArmed: boolean;
}
