import { soonDropped } from "@sock/codec";

/** Pieces that become one buffer, whose memory doubles as they come. */
export class Gathered {
  #memory: Buffer | undefined;
  #size = 0;

  /** Bytes of memory kept. */
  get retained(): number {
    return this.#memory?.length ?? 0;
  }

  /** @param missing bytes that are known to follow: there is never room for more */
  add(piece: Buffer, missing: number): void {
    const size = this.#size + piece.length;
    if (this.#memory === undefined || size > this.#memory.length) {
      const room = Math.min(2 * this.#size, size + missing);
      const memory = soonDropped(Buffer.allocUnsafeSlow(Math.max(size, room)));
      this.#memory?.copy(memory, 0, 0, this.#size);
      this.#memory = memory;
    }
    piece.copy(this.#memory, this.#size);
    this.#size = size;
  }

  /** All of it. Nothing is kept. */
  take(): Buffer {
    const taken = this.#memory?.subarray(0, this.#size) ?? EMPTY;
    this.#memory = undefined;
    this.#size = 0;
    return taken;
  }
}

const EMPTY = Buffer.alloc(0);
