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
    checkOption("width", width, [1, 2, 4]);
    checkOption("order", order, ["big", "little"]);
    checkOption("counts", counts, ["frame", "payload"]);
    this.width = width;
    this.name = `${width} ${order} ${counts}`;
    this.#isBig = order === "big";
    this.#uncounted = counts === "frame" ? 0 : width;
    this.#max = 2 ** (8 * width) - 1;
  }

  /** Length of the whole frame that `buffer` starts with. */
  read(buffer: Uint8Array): number {
    const bytes = asBuffer(buffer);
    const counted = this.#isBig ? bytes.readUIntBE(0, this.width) : bytes.readUIntLE(0, this.width);
    return counted + this.#uncounted;
  }

  /** Puts the length of a frame of `length` bytes at the start of `memory`, and answers that. */
  write(memory: Buffer, length: number): Buffer {
    const counted = length - this.#uncounted;
    if (counted > this.#max) throw tooLong(counted, this.#max);
    if (this.#isBig) memory.writeUIntBE(counted, 0, this.width);
    else memory.writeUIntLE(counted, 0, this.width);
    return memory;
  }
}

function tooLong(counted: number, max: number): RangeError {
  return new RangeError(`a message of length ${counted} is too long: its length cannot be more than ${max}`);
}

function checkOption(name: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) throw new TypeError(`${name} is ${known.join(" or ")}, not ${value}`);
}
