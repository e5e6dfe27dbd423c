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

/**
 * The set of reasons for which nothing is delivered now. Each set is one object, shared by all connections that are paused
 * for just these reasons: an idle connection has none of its own.
 */
export class RecvGate {
  /** No reason. */
  static readonly OPEN = new RecvGate(0, []);

  readonly #reasons: number;
  readonly #all: RecvGate[];

  private constructor(reasons: number, all: RecvGate[]) {
    this.#reasons = reasons;
    this.#all = all;
    all[reasons] = this;
  }

  get isOpen(): boolean {
    return this.#reasons === 0;
  }

  /** With one reason more. */
  closed(reason: PauseReason): RecvGate {
    return this.#with(this.#reasons | PAUSED_BY[reason]);
  }

  /** With one reason less. */
  opened(reason: PauseReason): RecvGate {
    return this.#with(this.#reasons & ~PAUSED_BY[reason]);
  }

  #with(reasons: number): RecvGate {
    return this.#all[reasons] ?? new RecvGate(reasons, this.#all);
  }
}
