const EMPTY = Buffer.alloc(0);

/** The last bytes of a plain text that goes on: as many as references back may reach. */
export class TextWindow {
  readonly #size: number;
  #memory = EMPTY;
  #length = 0;

  constructor(windowBits: number) {
    this.#size = 2 ** windowBits;
  }

  /** What is in it; `undefined` while that is nothing. Rewritten by the next `append`. */
  get bytes(): Buffer | undefined {
    return this.#length === 0 ? undefined : this.#memory.subarray(0, this.#length);
  }

  get retained(): number {
    return this.#memory.length;
  }

  append(text: Uint8Array): void {
    const tail = text.length > this.#size ? text.subarray(text.length - this.#size) : text;
    const kept = Math.min(this.#length, this.#size - tail.length);
    const length = kept + tail.length;
    if (length > this.#memory.length) this.#grow(length);
    this.#memory.copyWithin(0, this.#length - kept, this.#length);
    this.#memory.set(tail, kept);
    this.#length = length;
  }

  #grow(length: number): void {
    // Slow: from the shared pool, a window that lives long would keep a whole slab alive.
    const memory = Buffer.allocUnsafeSlow(Math.min(this.#size, 2 * length));
    this.#memory.copy(memory, 0, 0, this.#length);
    this.#memory = memory;
  }
}
