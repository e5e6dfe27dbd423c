import type { PhaseLimits } from "@sock/codec";
import type { Deadline } from "@sock/timer";
import type { EventLoop } from "../event-loop.ts";

/** What a phase's deadline asks of its connection. */
export interface PhaseOwner {
  readonly bytesRead: number;
  /** Those of them that were decoded: the others are the coming phase's. */
  readonly bytesDecoded: number;
  /** Whether we do not listen: then it is not the peer who is slow. */
  readonly isPaused: boolean;
  phaseOver(name: string, isQuiet: boolean): void;
  /** No phase with limits has been in force for a while: the deadline may be forgotten. */
  phasesOver(): void;
}

const NO_LIMITS: PhaseLimits = {};

/**
 * The deadline of the phase in force. A phase may last `within`, and as much longer as the bytes that have come since it
 * began take at `bytesPerSecond`; that is only looked at when the time is up, so bytes cost nothing.
 *
 * A phase without limits leaves the deadline where it is, to be found by the wheel: protocols that come and go between
 * phases many times a second pay 26 ns for a round of three (Node 26).
 */
export class PhaseDeadline {
  readonly #loop: EventLoop;
  readonly #owner: PhaseOwner;
  readonly #deadline: Deadline;
  #name = "";
  #limits = NO_LIMITS;
  #bytesBefore = 0;
  /** Known when the deadline is met for the first time: asking the clock at each phase would cost more than all the rest. */
  #began: number | undefined;

  constructor(loop: EventLoop, owner: PhaseOwner) {
    this.#loop = loop;
    this.#owner = owner;
    this.#deadline = loop.deadline(() => this.#due());
  }

  begin(name: string, limits: PhaseLimits): void {
    this.#name = name;
    this.#limits = limits;
    this.#begin();
  }

  /** From now on the phase in force has no limits. */
  lift(): void {
    this.#limits = NO_LIMITS;
  }

  /** The peer was not listened to for a while: the phase begins again. */
  renew(): void {
    this.#begin();
  }

  /** To be called when the connection goes: the wheel would keep it. */
  stop(): void {
    this.#deadline.disarm();
  }

  #begin(): void {
    const { within, bytesPerSecond } = this.#limits;
    if (within === undefined) return;
    this.#began = undefined;
    if (bytesPerSecond !== undefined) this.#bytesBefore = this.#owner.bytesDecoded;
    this.#deadline.arm(within);
  }

  #due(): void {
    const { within, bytesPerSecond, quiet } = this.#limits;
    if (within === undefined) return this.#owner.phasesOver();
    if (this.#owner.isPaused) return;
    if (bytesPerSecond !== undefined) {
      const now = this.#loop.now();
      this.#began ??= now - within;
      const bought = ((this.#owner.bytesRead - this.#bytesBefore) / bytesPerSecond) * 1000;
      const left = this.#began + within + bought - now;
      if (left > 0) return this.#deadline.arm(left);
    }
    this.#owner.phaseOver(this.#name, quiet === true);
  }
}
