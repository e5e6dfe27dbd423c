import { trimBlanks } from "./grammar.ts";

/**
 * The fields of a head, in the order they came. Names compare without case and may repeat; values are bytes seen as
 * latin1, as HTTP has them. Nothing is keyed by a name, so `__proto__` is a name like any other and none collide.
 */
export class Fields implements Iterable<[name: string, value: string]> {
  readonly #text: string;
  /** For each field, where its name and its value stand in the text: begin, end, begin, end. */
  readonly #marks: readonly number[];
  /** The bit `1 << length` for each length that a name has; bits wrap at 32. */
  readonly #lengths: number;

  constructor(text: string, marks: readonly number[], lengths = ANY_LENGTH) {
    this.#text = text;
    this.#marks = marks;
    this.#lengths = lengths;
  }

  /** How many fields there are, repeated ones counted each. */
  get size(): number {
    return this.#marks.length / 4;
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  /** The value of the field; of a repeated one, all values joined by commas, as RFC 9110 5.3 has it. */
  get(name: string): string | undefined {
    const first = this.#find(name, 0);
    if (first === -1) return undefined;
    return this.#find(name, first + 4) === -1 ? this.#value(first) : this.all(name).join(", ");
  }

  /** Each value of the field, in order. */
  all(name: string): string[] {
    const values: string[] = [];
    for (let at = this.#find(name, 0); at !== -1; at = this.#find(name, at + 4)) values.push(this.#value(at));
    return values;
  }

  /** Whether the comma-separated field has `token`, in small letters, among its elements, however it is written. */
  hasToken(name: string, token: string): boolean {
    const first = this.#find(name, 0);
    if (first === -1) return false;
    return this.list(name).some((element) => element.toLowerCase() === token);
  }

  /** The elements of a comma-separated field, of all its lines, without the empty ones (RFC 9110 5.6.1). */
  list(name: string): string[] {
    return this.all(name).flatMap(elements);
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (let at = 0; at < this.#marks.length; at += 4) yield [this.#slice(at), this.#value(at)];
  }

  #value(at: number): string {
    return this.#slice(at + 2);
  }

  #slice(at: number): string {
    return this.#text.slice(this.#marks[at], this.#marks[at + 1]);
  }

  #find(name: string, from: number): number {
    if ((this.#lengths & (1 << name.length)) === 0) return -1;
    const marks = this.#marks;
    for (let at = from; at < marks.length; at += 4) {
      if (marks[at + 1]! - marks[at]! === name.length && this.#isNamed(marks[at]!, name)) return at;
    }
    return -1;
  }

  #isNamed(begin: number, name: string): boolean {
    for (let i = 0; i < name.length; i++) {
      if (lowerCase(this.#text.charCodeAt(begin + i)) !== lowerCase(name.charCodeAt(i))) return false;
    }
    return true;
  }
}

const ANY_LENGTH = -1;

function lowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

function elements(value: string): string[] {
  return value
    .split(",")
    .map(trimBlanks)
    .filter((element) => element !== "");
}
