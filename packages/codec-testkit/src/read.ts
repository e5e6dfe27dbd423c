/** An async iterable that a handler reads to its end, and what it has given so far. */
export class Reading {
  /** Settles when the iterable has ended or thrown. Never rejects. */
  readonly done: Promise<void>;
  readonly #pieces: unknown[] = [];
  #outcome: "open" | "ended" | "thrown" = "open";

  constructor(iterable: AsyncIterable<unknown>) {
    this.done = this.#read(iterable);
  }

  get outcome(): "open" | "ended" | "thrown" {
    return this.#outcome;
  }

  /** All pieces as one: where one ends and the next begins means nothing. */
  get content(): unknown {
    const pieces = this.#pieces;
    if (pieces.every((piece) => piece instanceof Uint8Array)) return Buffer.concat(pieces);
    if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
    return pieces;
  }

  async #read(iterable: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const piece of iterable) this.#pieces.push(piece);
      this.#outcome = "ended";
    } catch {
      // A body that broke off: the codec's error itself is the endpoint's to record.
      this.#outcome = "thrown";
    }
  }
}

/** A message as its handler has read it: plain values, and a `Reading` for each async iterable. */
export interface Read {
  value: unknown;
  readings: readonly Reading[];
}

/**
 * Reads a message as a handler would: what it says, its getters included, and every async iterable to its end.
 * Bytes are not copied, so that those which change later are seen to.
 */
export function read(message: unknown): Read {
  const readings: Reading[] = [];
  const value = plain(message, (iterable) => {
    const reading = new Reading(iterable);
    readings.push(reading);
    return reading;
  });
  return { value, readings };
}

/** The async iterables in a message, not begun. */
export function iterablesIn(message: unknown): AsyncIterable<unknown>[] {
  const found: AsyncIterable<unknown>[] = [];
  plain(message, (iterable) => found.push(iterable));
  return found;
}

type OnIterable = (iterable: AsyncIterable<unknown>) => unknown;

function plain(value: unknown, onIterable: OnIterable, above: readonly object[] = []): unknown {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "what it is in";
  if (isAsyncIterable(value)) return onIterable(value);
  if (isOpaque(value)) return value;

  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, onIterable, path));
  const fields: Record<string, unknown> = {};
  for (const name of fieldsOf(value)) {
    const field = plain((value as Record<string, unknown>)[name], onIterable, path);
    if (field !== undefined) Object.defineProperty(fields, name, { value: field, enumerable: true });
  }
  return fields;
}

/** What `isDeepStrictEqual` compares better than its fields would be. */
function isOpaque(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof Promise ||
    value instanceof AbortSignal
  );
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value && typeof value[Symbol.asyncIterator] === "function";
}

/** Own fields, and the getters of its class: a class that hides its state tells it by those. */
function fieldsOf(value: object): string[] {
  const names = new Set(Object.keys(value));
  for (
    let prototype = Object.getPrototypeOf(value);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (get !== undefined) names.add(name);
    }
  }
  return [...names].filter((name) => name !== "__proto__");
}
