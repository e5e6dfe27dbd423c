import { FIN, OPCODE, RSV1 } from "./header.ts";
import { wholeCharacters } from "./utf8.ts";

const EMPTY = Buffer.alloc(0);
/** Room for the first tiny pieces: after that it doubles. */
const FIRST_ROOM = 256;
/** What the object and the header of its buffer take, roughly. */
const OVERHEAD = 256;

/**
 * The pieces of one message, joined as they come. What is kept is one buffer, however many pieces bring it: a list of
 * them would cost a hundred bytes for each byte of a hostile message.
 */
export class Fragments {
  readonly opcode: number;
  readonly isCompressed: boolean;
  /** How many pieces have come. */
  count = 0;
  #memory = EMPTY;
  #length = 0;
  /** Where the characters end that were found whole. */
  #checked = 0;

  /** `first` is the first byte of the first frame. */
  constructor(first: number) {
    this.opcode = first & OPCODE;
    this.isCompressed = (first & RSV1) !== 0;
  }

  get length(): number {
    return this.#length;
  }

  get retained(): number {
    return this.#memory.length + OVERHEAD;
  }

  /** Copies the piece, so that what it came in is free. `first` is the first byte of its frame. */
  add(piece: Uint8Array, first: number): void {
    const length = this.#length + piece.length;
    if (length > this.#memory.length) this.#grow(length, (first & FIN) !== 0);
    this.#memory.set(piece, this.#length);
    this.#length = length;
    this.count++;
  }

  /** Whether what has come since the last time can still become text, or is, when all has come. Looks at each byte once. */
  isText(isAll: boolean): boolean {
    const whole = wholeCharacters(this.#memory.subarray(this.#checked, this.#length));
    this.#checked += whole;
    return whole !== -1 && (!isAll || this.#checked === this.#length);
  }

  /** All that has come. */
  join(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  #grow(length: number, isLast: boolean): void {
    const room = isLast ? length : Math.max(length, 2 * this.#memory.length, FIRST_ROOM);
    // Slow: a small piece from the shared pool would keep a whole slab of it alive.
    const memory = Buffer.allocUnsafeSlow(room);
    memory.set(this.#memory.subarray(0, this.#length));
    this.#memory = memory;
  }
}
