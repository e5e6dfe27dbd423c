import type { Deadline } from "@sock/timer";
import type { EventLoop } from "../event-loop.ts";
import type { Transport } from "../transport/transport.ts";

/** Bytes a second. Kestrel and IIS both ask for 240 of whoever reads an answer. */
export const MIN_WRITE_RATE = 240;

/** What a stall is told to. */
export interface WriteStallOwner {
  /** Bytes that were handed to the transport so far. */
  readonly bytesWritten: number;
  /** The peer took no more than `taken` bytes within the time. */
  stalled(taken: number): void;
  /** Nothing waits: the deadline may be forgotten. */
  caughtUp(): void;
}

/**
 * Watches a peer that is behind. Each time that is up, it must have taken all that waited when the time began, or
 * `MIN_WRITE_RATE` for so long. What it takes meanwhile costs nothing.
 */
export class WriteStall {
  readonly #transport: Transport;
  readonly #timeout: number;
  readonly #owner: WriteStallOwner;
  readonly #deadline: Deadline;
  #takenBefore = 0;
  #asked = 0;

  constructor(transport: Transport, loop: EventLoop, timeout: number, owner: WriteStallOwner) {
    this.#transport = transport;
    this.#timeout = timeout;
    this.#owner = owner;
    this.#deadline = loop.deadline(() => this.#due());
  }

  /** Bytes wait from now on. */
  begin(): void {
    this.#takenBefore = this.#taken;
    this.#asked = Math.min(this.#transport.unsent, (MIN_WRITE_RATE * this.#timeout) / 1000);
    this.#deadline.arm(this.#timeout);
  }

  /** To be called when the connection goes: the wheel would keep it. */
  stop(): void {
    this.#deadline.disarm();
  }

  get #taken(): number {
    return this.#owner.bytesWritten - this.#transport.unsent;
  }

  #due(): void {
    if (this.#transport.waiting === 0) return this.#owner.caughtUp();
    const taken = this.#taken - this.#takenBefore;
    if (taken < this.#asked) this.#owner.stalled(taken);
    else this.begin();
  }
}
