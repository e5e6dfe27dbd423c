import { asBuffer } from "@sock/codec";

/** What the length before each message looks like. The defaults are the ancestor's format. */
export interface FrameOptions {
  /** Bytes that the length takes. Default 4. */
  width?: 1 | 2 | 4;
  /** The end of the length that comes first: `"big"`, as in most network protocols, or `"little"`. Default `"big"`. */
  order?: "big" | "little";
  /** What the length counts: the whole `"frame"`, its own bytes included, or the `"payload"` alone. Default `"frame"`. */
  counts?: "frame" | "payload";
}

/** The length at the start of a frame. */
export class LengthField {
  readonly width: number;
  /** What two fields that write the same bytes have in common. */
  readonly name: string;
  readonly #isBig: boolean;
  /** Bytes of a frame that its length does not count. */
  readonly #uncounted: number;
  readonly #max: number;

  constructor({ width = 4, order = "big", counts = "frame" }: FrameOptions) {
    if (![1, 2, 4].includes(width)) throw new RangeError(`a length takes 1, 2 or 4 bytes, not ${width}`);
    if (!["big", "little"].includes(order))
      throw new TypeError(`a length is "big" or "little", not "${order}"`);
    if (!["frame", "payload"].includes(counts)) {
      throw new TypeError(`a length counts the "frame" or the "payload", not "${counts}"`);
    }
    this.width = width;
    this.name = `${width} ${order} ${counts}`;
    this.#isBig = order === "big";
    this.#uncounted = counts === "frame" ? 0 : width;
    this.#max = 2 ** (8 * width) - 1;
  }

  /** Length of the whole frame that `buffer` starts with. */
  read(buffer: Uint8Array): number {
    const bytes = asBuffer(buffer);
    return (
      this.#uncounted + (this.#isBig ? bytes.readUIntBE(0, this.width) : bytes.readUIntLE(0, this.width))
    );
  }

  /** Puts the length at the start of `memory`, for a frame of `length` bytes. */
  write(memory: Buffer, length: number): void {
    const counted = length - this.#uncounted;
    if (counted > this.#max) {
      throw new RangeError(`a length of ${this.width} bytes counts to ${this.#max}, not to ${counted}`);
    }
    if (this.#isBig) memory.writeUIntBE(counted, 0, this.width);
    else memory.writeUIntLE(counted, 0, this.width);
  }
}
