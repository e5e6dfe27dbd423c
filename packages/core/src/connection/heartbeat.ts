import type { Deadline } from "@sock/timer";
import type { EventLoop } from "../event-loop.ts";

export interface HeartbeatOptions {
  /**
   * Milliseconds without a byte from the peer after which the codec's ping is sent, if it has one. Default: never.
   * Under 60,000 keeps most NATs and load balancers from forgetting the connection; the ancestor's manual says 55,000.
   */
  pingInterval?: number;

  /** Milliseconds without a byte from the peer, or to it, after which the connection is closed. Default: never. */
  idleTimeout?: number;
}

/** What a heartbeat asks of its connection. */
export interface HeartbeatOwner {
  /** Makes a living peer answer, if the protocol can. */
  ping(): void;
  /** The peer was silent for too long. */
  silent(ms: number): void;
}

/** Listens for signs of life: any byte is one. One deadline a connection, moved at each. */
export class Heartbeat {
  /** Milliseconds from the last ping to the first byte that followed it. */
  roundTripTime: number | undefined;

  readonly #loop: EventLoop;
  readonly #owner: HeartbeatOwner;
  readonly #pingInterval: number;
  readonly #idleTimeout: number;
  readonly #deadline: Deadline;
  /** When the ping was sent that was not answered yet. */
  #pingedAt: number | undefined;
  /** Milliseconds of silence at the time the deadline is due. */
  #silence = 0;

  constructor(options: HeartbeatOptions, loop: EventLoop, owner: HeartbeatOwner) {
    this.#loop = loop;
    this.#owner = owner;
    this.#pingInterval = options.pingInterval ?? Infinity;
    this.#idleTimeout = options.idleTimeout ?? Infinity;
    this.#deadline = loop.deadline(() => this.#due());
    this.alive();
  }

  /** The peer gave a sign of life. */
  alive(): void {
    if (this.#pingedAt !== undefined) {
      this.roundTripTime = this.#loop.now() - this.#pingedAt;
      this.#pingedAt = undefined;
    }
    this.#silence = Math.min(this.#pingInterval, this.#idleTimeout);
    this.#deadline.arm(this.#silence);
  }

  stop(): void {
    this.#deadline.disarm();
  }

  #due(): void {
    if (this.#silence >= this.#idleTimeout) return this.#owner.silent(this.#silence);
    this.#pingedAt ??= this.#loop.now();
    const next = Math.min(this.#silence + this.#pingInterval, this.#idleTimeout);
    this.#deadline.arm(next - this.#silence);
    this.#silence = next;
    this.#owner.ping();
  }
}

/** @throws RangeError */
export function checkHeartbeat({ pingInterval = Infinity, idleTimeout = Infinity }: HeartbeatOptions): void {
  if (!(pingInterval > 0))
    throw new RangeError(`pingInterval ${pingInterval} is not a positive number of ms`);
  if (!(idleTimeout > 0)) throw new RangeError(`idleTimeout ${idleTimeout} is not a positive number of ms`);
}
