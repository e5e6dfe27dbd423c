import { soonDropped } from "./soon-dropped.ts";

const EMPTY = Buffer.alloc(0);

/** Room given beyond twice what has arrived, so that a dripped header does not allocate at every byte. */
const SLACK = 64;

/** Chunks up to this size are kept whole for a few unread bytes: copying those out would cost more than it frees. */
const SMALL_CHUNK = 1024;

/**
 * Bytes received and not yet taken.
 *
 * A lone chunk is not copied. Chunks are joined in memory that doubles, but never passes the length that a frame is
 * known to have, nor twice what has arrived plus a small constant: a peer pays for memory with bytes, not with
 * promises. Memory that was handed out is never written again.
 */
export class RecvBuffer {
  /** Where the unread bytes stand: at [start, end). What comes before was handed out, what comes after is free. */
  #memory: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** A chunk whose beginning completed a long frame. The rest is not joined, since that frame will be taken alone. */
  #behind: Buffer = EMPTY;
  #behindStart = 0;

  /** Number of unread bytes. */
  get length(): number {
    return this.#end - this.#start + this.#behind.length - this.#behindStart;
  }

  /** Bytes of memory that unread bytes keep alive. */
  get retained(): number {
    return this.#memory.length + this.#behind.length;
  }

  /** Takes `chunk` over. `frameLength`: what the frame at the start is known to take, 0 when that is not known. */
  append(chunk: Buffer, frameLength = 0): void {
    if (this.#start === this.#end) return this.#adopt(chunk, 0);
    if (this.#behind !== EMPTY) this.#joinBehind();

    const missing = frameLength - (this.#end - this.#start);
    if (missing > 0 && missing < chunk.length) {
      this.#join(chunk.subarray(0, missing), frameLength);
      this.#behind = chunk;
      this.#behindStart = missing;
    } else {
      this.#join(chunk, frameLength);
    }
  }

  /** A view of all unread bytes, to look at. */
  unread(): Buffer {
    if (this.#behind !== EMPTY) this.#joinBehind();
    return this.#view(this.#end);
  }

  /** Hands out the first `length` unread bytes, for good. */
  take(length: number): Buffer {
    if (length > this.#end - this.#start) this.#joinBehind();
    const taken = this.#view(this.#start + length);
    this.#start += length;
    if (this.#start === this.#end) this.#adopt(this.#behind, this.#behindStart);
    return taken;
  }

  /** Lets go of memory of which only a little is unread. */
  compact(frameLength = 0): void {
    const unread = this.#end - this.#start;
    if (unread === 0) return;
    // The whole of it: a chunk of a few bytes may stand in a pool of many.
    const kept = this.#memory.buffer.byteLength;
    // Three times: at twice, what was just moved to memory of that size would move again when a few bytes were taken.
    if (kept <= Math.max(SMALL_CHUNK, 3 * unread + SLACK)) return;
    this.#move(unread, frameLength);
  }

  #view(end: number): Buffer {
    if (this.#start === 0 && end === this.#memory.length) return this.#memory;
    return this.#memory.subarray(this.#start, end);
  }

  #adopt(chunk: Buffer, start: number): void {
    this.#memory = chunk;
    this.#start = start;
    this.#end = chunk.length;
    this.#behind = EMPTY;
    this.#behindStart = 0;
  }

  #joinBehind(): void {
    const rest = this.#behind.subarray(this.#behindStart);
    this.#behind = EMPTY;
    this.#behindStart = 0;
    this.#join(rest, 0);
  }

  #join(chunk: Buffer, frameLength: number): void {
    const needed = this.#end - this.#start + chunk.length;
    if (this.#end + chunk.length > this.#memory.length) this.#move(needed, frameLength);
    chunk.copy(this.#memory, this.#end);
    this.#end += chunk.length;
  }

  /** Moves the unread bytes to the start of fresh memory: the old may have been handed out in part. */
  #move(needed: number, frameLength: number): void {
    // Twice what is moved, so that each byte is moved O(1) times.
    const room = Math.max(needed, 2 * (this.#end - this.#start)) + SLACK;
    // Not of the pool, all of which a few bytes would keep.
    const memory = soonDropped(
      Buffer.allocUnsafeSlow(frameLength < needed ? room : Math.min(room, frameLength)),
    );
    this.#end = this.#memory.copy(memory, 0, this.#start, this.#end);
    this.#start = 0;
    this.#memory = memory;
  }
}
