import type { Deadline } from "@sock/timer";
import type { EventLoop } from "../event-loop.ts";
import type { SendGate } from "./send-gate.ts";

/** What is done about a peer for whom `maxSendBufferSize` bytes wait. */
export type WhenFull = "drop" | { readonly closeAfter: number };

/** Bytes that may wait within the grace, as a multiple of the limit: then it is over. */
const OVERDRAFT = 2;

export interface GraceOwner {
  /** Bytes that wait. */
  readonly waiting: number;
  readonly gate: SendGate;
  /** The time is up, and as many wait as may. */
  graceOver(ms: number): void;
}

/** Gives a peer whose send buffer is full some time to read. Until then all is accepted, as far as memory allows. */
export class Grace {
  readonly #ms: number;
  readonly #owner: GraceOwner;
  readonly #deadline: Deadline;

  constructor(loop: EventLoop, ms: number, owner: GraceOwner) {
    this.#ms = ms;
    this.#owner = owner;
    this.#deadline = loop.deadline(() => this.#due());
  }

  /** The buffer is full from now on. */
  begin(): void {
    this.#deadline.arm(this.#ms);
  }

  stop(): void {
    this.#deadline.disarm();
  }

  /** Whether another message may wait. */
  get allows(): boolean {
    return this.#ms > 0 && this.#owner.waiting < OVERDRAFT * this.#owner.gate.limit;
  }

  #due(): void {
    const { gate, waiting } = this.#owner;
    if (!gate.isFull) return;
    if (gate.admits(waiting)) this.begin();
    else this.#owner.graceOver(this.#ms);
  }
}

/** @throws RangeError, TypeError */
export function checkWhenFull(whenFull: WhenFull): WhenFull {
  if (whenFull === "drop") return whenFull;
  const { closeAfter } = whenFull;
  if (closeAfter >= 0) return whenFull;
  throw new RangeError(`closeAfter ${closeAfter} is not a number of ms`);
}
