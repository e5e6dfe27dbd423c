import type { Deadline } from "./deadline.ts";
import type { Epoch } from "./epoch.ts";

/** What an entry asks of its wheel. */
export interface EntryKeeper {
  /** The one that is now. */
  readonly epoch: Epoch;
  /** Links `entry` where it will be found when it is due. */
  place(entry: WheelEntry): void;
  /** Unlinks `entry`. */
  remove(entry: WheelEntry): void;
}

/**
 * A deadline, linked into a ring with those that are to be looked at together; alone, it is a ring of one.
 * An entry that no one arms serves as the head of a ring.
 */
export class WheelEntry implements Deadline {
  readonly #keeper: EntryKeeper;
  readonly #callback: () => void;
  #ms = 0;
  #epoch: Epoch;
  #next: WheelEntry = this;
  #previous: WheelEntry = this;

  constructor(keeper: EntryKeeper, callback: () => void) {
    this.#keeper = keeper;
    this.#callback = callback;
    this.#epoch = keeper.epoch;
  }

  // Armed again for as long or longer, as with every chunk that arrives, it falls due no sooner than before. So it
  // stays where it is: the wheel will find it too early and move it then.
  arm(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a deadline is 0 ms away or more, not ${ms}`);
    const isLater = ms >= this.#ms && this.isArmed;
    this.#ms = ms;
    this.#epoch = this.#keeper.epoch;
    if (!isLater) this.#keeper.place(this);
  }

  disarm(): void {
    if (this.isArmed) this.#keeper.remove(this);
  }

  get isArmed(): boolean {
    return this.#next !== this;
  }

  get due(): number {
    return this.#epoch.end + this.#ms;
  }

  get next(): WheelEntry {
    return this.#next;
  }

  call(): void {
    this.#callback();
  }

  leave(): void {
    this.#previous.#next = this.#next;
    this.#next.#previous = this.#previous;
    this.#next = this;
    this.#previous = this;
  }

  /** Moves to the end of the ring that begins behind `head`. */
  join(head: WheelEntry): void {
    this.leave();
    this.#previous = head.#previous;
    this.#next = head;
    head.#previous.#next = this;
    head.#previous = this;
  }
}
