import type { EventLoop } from "../event-loop.ts";
import type { Endpoint, Transport, TransportHandler } from "./transport.ts";

const HERE: Endpoint = { address: "", port: 0 };

/** What the other side takes before it reads: a kernel's buffers, in small. */
const CAPACITY = 64 * 1024;

/** Two transports joined in memory. What one writes the other receives, copied, at a later turn. */
export function memoryTransports(loop: EventLoop): [Transport, Transport] {
  const left = new MemoryTransport(loop);
  const right = new MemoryTransport(loop);
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class MemoryTransport implements Transport {
  readonly name = "memory";
  readonly local = HERE;
  readonly remote = HERE;
  peer!: MemoryTransport;

  readonly #loop: EventLoop;
  #handler: TransportHandler | undefined;
  /** Written, and not yet taken by the other side. */
  #outgoing: Buffer[] = [];
  #waiting = 0;
  /** Taken, and not yet received. */
  #incoming: Buffer[] = [];
  #incomingSize = 0;

  #isPaused = false;
  #isScheduled = false;
  #isEnding = false;
  #hasEnded = false;
  #peerHasEnded = false;
  #toldPeerEnd = false;
  #isFlushed = true;
  #isDestroyed = false;
  #isGone = false;
  #error: Error | undefined;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get unsent(): number {
    return this.#waiting;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    this.#schedule();
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#isEnding || this.#isDestroyed) return;
    if (this.peer.#isDestroyed) return this.#reset();
    for (const piece of pieces) {
      this.#outgoing.push(Buffer.from(piece));
      this.#waiting += piece.length;
    }
    this.#offer();
    this.#isFlushed = this.#waiting === 0;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  end(): void {
    this.#isEnding = true;
    this.#offer();
  }

  destroy(error?: Error): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#error = error;
    this.#schedule();
    // As a kernel does where something was lost: ours that was not sent, or theirs that nobody read.
    const isLoss = this.#waiting > 0 || this.#incomingSize > 0 || this.peer.#waiting > 0;
    if (isLoss || !this.#hasEnded) this.peer.#reset();
  }

  reset(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#schedule();
    this.peer.#reset();
  }

  /** Moves what was written over to the other side, as far as there is room. */
  #offer(): void {
    const peer = this.peer;
    while (this.#outgoing.length > 0 && peer.#incomingSize < CAPACITY) {
      const piece = this.#outgoing.shift() as Buffer;
      const taken = piece.subarray(0, CAPACITY - peer.#incomingSize);
      if (taken.length < piece.length) this.#outgoing.unshift(piece.subarray(taken.length));
      this.#waiting -= taken.length;
      peer.#incoming.push(taken);
      peer.#incomingSize += taken.length;
    }
    if (this.#isEnding && this.#waiting === 0) {
      this.#hasEnded = true;
      peer.#peerHasEnded = true;
    }
    this.#schedule();
    peer.#schedule();
  }

  #reset(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#error = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#handler === undefined || this.#isGone) return;
    this.#isScheduled = true;
    this.#loop.defer(turn, this);
  }

  /** All that happens to the handler happens here, one event a turn. */
  turn(): void {
    this.#isScheduled = false;
    const event = this.#nextEvent();
    if (event === undefined) return;
    event(this.#handler as TransportHandler);
    this.#schedule();
  }

  #nextEvent(): ((handler: TransportHandler) => void) | undefined {
    if (this.#isDestroyed) {
      this.#isGone = true;
      return (handler) => handler.gone(this.#error);
    }
    if (!this.#isFlushed && this.#waiting === 0) {
      this.#isFlushed = true;
      return (handler) => handler.flushed();
    }
    if (this.#isPaused) return undefined;
    const chunk = this.#incoming.shift();
    if (chunk !== undefined) {
      this.#incomingSize -= chunk.length;
      this.peer.#offer();
      return (handler) => handler.received(chunk);
    }
    if (this.#peerHasEnded && !this.#toldPeerEnd) {
      this.#toldPeerEnd = true;
      return (handler) => handler.peerEnded();
    }
    if (this.#toldPeerEnd && this.#hasEnded) {
      this.#isGone = true;
      return (handler) => handler.gone();
    }
    return undefined;
  }
}

function turn(transport: MemoryTransport): void {
  transport.turn();
}
