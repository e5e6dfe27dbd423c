import { type Bytes, byteLength, toBuffer } from "@sock/codec";
import type { EventLoop } from "../event-loop.ts";
import type { Stats } from "../stats.ts";
import type { Transport } from "../transport/transport.ts";

/** Pieces are joined up to this size; a larger one flushes what waits and is written with it, at once. */
const CORK_SIZE = 16 * 1024;

/** Where pieces are joined, for all connections: when the transport has taken the bytes, it serves the next one. */
let slab = Buffer.allocUnsafeSlow(CORK_SIZE);

const NONE: (string | Uint8Array)[] = [];

/** Gathers what is sent within one turn of the event loop, or while a chunk is read, into one write. */
export class Cork {
  /** Bytes gathered. */
  size = 0;
  bytesWritten = 0;

  readonly #transport: Transport;
  readonly #loop: EventLoop;
  readonly #stats: Stats;
  readonly #owner: CorkOwner;
  #pieces = NONE;
  #isHeld = false;
  #isScheduled = false;

  constructor(transport: Transport, loop: EventLoop, stats: Stats, owner: CorkOwner) {
    this.#transport = transport;
    this.#loop = loop;
    this.#stats = stats;
    this.#owner = owner;
  }

  add(bytes: Bytes): void {
    if (typeof bytes === "string" || bytes instanceof Uint8Array) this.#addPiece(bytes);
    else for (const piece of bytes) this.#addPiece(piece);
    if (this.size > 0 && !this.#isHeld && !this.#isScheduled) this.#schedule();
  }

  /** Whoever holds promises to release within this turn. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.size > 0) this.flush();
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.size > 0) this.#write(undefined);
  }

  /** Forgets what was gathered: the transport is gone. */
  clear(): void {
    this.#pieces = NONE;
    this.size = 0;
  }

  #addPiece(piece: string | Uint8Array): void {
    const size = byteLength(piece);
    if (size > CORK_SIZE) {
      this.#write(toBuffer(piece));
      return;
    }
    if (this.size + size > CORK_SIZE) this.#write(undefined);
    if (this.#pieces === NONE) this.#pieces = [];
    this.#pieces.push(piece);
    this.size += size;
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#loop.defer(flushLater, this);
  }

  /** @internal The turn is over. */
  flushScheduled(): void {
    this.#isScheduled = false;
    this.flush();
  }

  #write(large: Uint8Array | undefined): void {
    const joined = this.size > 0 ? this.#join() : undefined;
    const size = this.size + (large?.length ?? 0);
    this.bytesWritten += size;
    this.#stats.bytesWritten += size;
    this.#pieces = NONE;
    this.size = 0;
    if (joined === undefined) this.#transport.write([large as Uint8Array]);
    else this.#transport.write(large === undefined ? [joined] : [joined, large]);
    if (joined?.buffer === slab.buffer && this.#transport.waiting > 0)
      slab = Buffer.allocUnsafeSlow(CORK_SIZE);
    this.#owner.corkFlushed();
  }

  #join(): Uint8Array {
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && typeof only !== "string") return only as Uint8Array;
    // Behind a peer that does not read, the memory will be kept: no more of it than the bytes need.
    const target = this.#transport.waiting > 0 ? Buffer.allocUnsafe(this.size) : slab;
    let at = 0;
    for (const piece of this.#pieces) {
      if (typeof piece === "string") {
        at += target.write(piece, at);
      } else {
        target.set(piece, at);
        at += piece.length;
      }
    }
    return target.subarray(0, at);
  }
}

export interface CorkOwner {
  /** What was gathered has been given to the transport. */
  corkFlushed(): void;
}

function flushLater(cork: Cork): void {
  cork.flushScheduled();
}
