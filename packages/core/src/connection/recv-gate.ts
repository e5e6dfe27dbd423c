/** Why reading stands still. Owners do not know of each other, and cannot cancel each other. */
export const PAUSED_BY = {
  /** `pauseRecv`. */
  user: 1,
  /** The destination of a pipe is full. */
  pipe: 2,
  /** The peer does not read what it makes us send. */
  full: 4,
} as const;

export type PauseReason = keyof typeof PAUSED_BY;

/** The set of reasons for which nothing is delivered now. */
export class RecvGate {
  #reasons = 0;

  get isOpen(): boolean {
    return this.#reasons === 0;
  }

  /** True: the gate was open until now. */
  close(reason: PauseReason): boolean {
    const wasOpen = this.isOpen;
    this.#reasons |= PAUSED_BY[reason];
    return wasOpen;
  }

  /** True: the gate was closed until now, and this was the last reason. */
  open(reason: PauseReason): boolean {
    const wasOpen = this.isOpen;
    this.#reasons &= ~PAUSED_BY[reason];
    return !wasOpen && this.isOpen;
  }
}
