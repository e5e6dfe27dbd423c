import { type Bytes, byteLength, toBuffer } from "@sock/codec";
import type { EventLoop } from "../event-loop.ts";
import type { Stats } from "../stats.ts";
import type { Transport } from "../transport/transport.ts";
import { type Flushable, type FlushList, flushListOf } from "./flush-list.ts";

/** Pieces are joined up to this size; the one that passes it is written at once, with what was gathered before it. */
const CORK_SIZE = 16 * 1024;

/** Where pieces are joined, for all connections: when the transport has taken the bytes, it serves the next one. */
let slab = Buffer.allocUnsafeSlow(CORK_SIZE);

const NONE: (string | Uint8Array)[] = [];

/** Gathers what is sent within one turn of the event loop, or while a chunk is read, into one write. */
export abstract class Cork implements Flushable {
  bytesWritten = 0;
  /** Bytes gathered; texts count by their letters until they are written. */
  protected corked = 0;

  protected readonly transport: Transport;
  protected readonly stats: Stats;
  readonly #later: FlushList;
  #pieces = NONE;
  #isHeld = false;
  #isScheduled = false;

  constructor(transport: Transport, loop: EventLoop, stats: Stats) {
    this.transport = transport;
    this.stats = stats;
    this.#later = flushListOf(loop);
  }

  /** What was gathered has been given to the transport. */
  protected abstract corkFlushed(): void;

  protected add(bytes: Bytes): void {
    if (typeof bytes === "string" || bytes instanceof Uint8Array) this.#addPiece(bytes);
    else for (const piece of bytes) this.#addPiece(piece);
    if (this.corked > 0 && !this.#isHeld && !this.#isScheduled) this.#schedule();
  }

  /** What is sent is gathered, from now until `uncork` within this turn. */
  cork(): void {
    this.#isHeld = true;
  }

  uncork(): void {
    this.#isHeld = false;
    if (this.corked > 0) this.flush();
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.corked > 0) this.#write(undefined);
  }

  /** Forgets what was gathered: the transport is gone. */
  protected clear(): void {
    this.#pieces = NONE;
    this.corked = 0;
  }

  #addPiece(piece: string | Uint8Array): void {
    const size = sizeOf(piece);
    if (this.corked + size > CORK_SIZE) {
      this.#write(toBuffer(piece));
      return;
    }
    const last = this.#pieces.length - 1;
    if (last === -1) this.#pieces = [piece];
    // Sixteen lines of 64 bytes take 16 calls into C++ when written one by one, and one when joined before.
    else if (canJoin(this.#pieces[last], piece)) this.#pieces[last] += piece as string;
    else this.#pieces.push(piece);
    this.corked += size;
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#later.add(this);
  }

  /** The turn is over. */
  flushNow(): void {
    this.#isScheduled = false;
    this.flush();
  }

  /** Writes what was gathered, and `more` behind it. */
  #write(more: Uint8Array | undefined): void {
    const isBehind = this.transport.waiting > 0;
    const gathered = this.#gathered(isBehind);
    const pieces = more === undefined ? gathered : [...gathered, more];
    const size = byteLength(pieces);
    this.#pieces = NONE;
    this.corked = 0;
    this.bytesWritten += size;
    this.stats.bytesWritten += size;
    this.transport.write(pieces);
    // The transport has kept some of it.
    if (!isBehind && this.transport.waiting > 0) slab = Buffer.allocUnsafeSlow(CORK_SIZE);
    this.corkFlushed();
  }

  /** What was gathered, as at most one piece. */
  #gathered(isBehind: boolean): readonly Uint8Array[] {
    const pieces = this.#pieces;
    if (pieces.length === 0 || (pieces.length === 1 && typeof pieces[0] !== "string"))
      return pieces as Uint8Array[];
    const size = byteLength(pieces);
    // Behind a peer that does not read, the memory will be kept: no more of it than the bytes need.
    const target = isBehind || size > CORK_SIZE ? Buffer.allocUnsafe(size) : slab;
    let at = 0;
    for (const piece of pieces) {
      if (typeof piece === "string") {
        at += target.write(piece, at);
      } else {
        target.set(piece, at);
        at += piece.length;
      }
    }
    return [target.subarray(0, at)];
  }
}

/**
 * The bytes of a piece, but of short texts the letters: to count their bytes takes a call into C++ for each (text with
 * sixteen in flight: 10 %, Node 26).
 */
function sizeOf(piece: string | Uint8Array): number {
  return piece.length <= SHORT ? piece.length : byteLength(piece);
}

/** A short text cannot pass the cork's size alone, whatever its letters. */
const SHORT = CORK_SIZE / 4;

/** Two texts, but not the halves of a character: those would become it, and less bytes than were counted. */
function canJoin(last: string | Uint8Array | undefined, piece: string | Uint8Array): boolean {
  return typeof last === "string" && typeof piece === "string" && (piece.charCodeAt(0) & 0xfc00) !== 0xdc00;
}
