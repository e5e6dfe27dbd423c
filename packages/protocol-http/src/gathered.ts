/** Pieces that become one buffer, whose memory doubles as they come. */
export class Gathered {
  #memory: Buffer | undefined;
  #size = 0;

  /** Bytes of memory kept. */
  get retained(): number {
    return this.#memory?.length ?? 0;
  }

  add(piece: Buffer): void {
    const size = this.#size + piece.length;
    if (this.#memory === undefined || size > this.#memory.length) {
      const memory = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#size));
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
