/** Numbers that look random and come again with the same seed. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** What streams are made of, and changed with. */
export interface Material {
  corpus: readonly Buffer[];
  tokens: readonly Buffer[];
  /** Within how many bytes from the start a change is made, one as often as another. */
  reaches: readonly number[];
}

/** A stream of the corpus, changed in a few places. */
export function mutated(material: Material, chance: Chance): Buffer {
  let stream: Buffer = Buffer.from(chance.oneOf(material.corpus));
  for (let left = chance.below(6); left > 0; left--) stream = mutatedOnce(stream, material, chance);
  return stream;
}

function mutatedOnce(stream: Buffer, { corpus, tokens, reaches }: Material, chance: Chance): Buffer {
  const at = chance.below(Math.min(stream.length, chance.oneOf(reaches)) + 1);
  const before = stream.subarray(0, at);
  const after = stream.subarray(at);
  const length = chance.below(Math.min(after.length, chance.oneOf([4, 64, 100_000])) + 1);
  switch (chance.below(8)) {
    case 0:
      return flipped(stream, at, chance);
    case 1:
      return Buffer.concat([before, Buffer.of(chance.below(256)), after.subarray(1)]);
    case 2:
      return Buffer.concat([before, after.subarray(length)]);
    case 3:
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 4:
      return Buffer.concat([before, chance.oneOf(tokens), after]);
    case 5: {
      const token = chance.oneOf(tokens);
      return Buffer.concat([before, token, after.subarray(token.length)]);
    }
    case 6: {
      const other = chance.oneOf(corpus);
      return Buffer.concat([before, other.subarray(chance.below(other.length))]);
    }
    default:
      return before;
  }
}

function flipped(stream: Buffer, at: number, chance: Chance): Buffer {
  const copy = Buffer.from(stream);
  if (at < copy.length) copy[at]! ^= 1 << chance.below(8);
  return copy;
}
