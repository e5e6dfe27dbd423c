/** What a handler reads bit by bit or later, and what it has read so far. */
export class Reading {
  /** Settles when all is read, or will never be. Never rejects. */
  readonly done: Promise<void>;
  readonly #content: () => unknown;
  #outcome: "open" | "ended" | "thrown" = "open";
  #error: unknown;

  constructor(work: Promise<unknown>, content: () => unknown) {
    this.#content = content;
    this.done = work.then(
      () => {
        this.#outcome = "ended";
      },
      (error: unknown) => {
        this.#outcome = "thrown";
        this.#error = error;
      },
    );
  }

  get outcome(): "open" | "ended" | "thrown" {
    return this.#outcome;
  }

  /** What was thrown. */
  get error(): unknown {
    return this.#error;
  }

  get content(): unknown {
    return this.#content();
  }
}

/** Reads an async iterable to its end. Where one piece ends and the next begins means nothing: they are joined. */
export function readAll(iterable: AsyncIterable<unknown>): Reading {
  const pieces: unknown[] = [];
  const collect = async () => {
    for await (const piece of iterable) pieces.push(piece);
  };
  return new Reading(collect(), () => joined(pieces));
}

/** Reads what a promise promises. */
export function readLater(promise: Promise<unknown>): Reading {
  let content: unknown = "not read yet";
  const keep = (value: unknown) => {
    content = value;
  };
  return new Reading(promise.then(keep), () => content);
}

function joined(pieces: unknown[]): unknown {
  if (pieces.every((piece) => piece instanceof Uint8Array)) return Buffer.concat(pieces);
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  return pieces;
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
    const reading = readAll(iterable);
    readings.push(reading);
    return reading;
  });
  return { value, readings };
}

export type OnReading = (reading: Reading) => unknown;

/** What a reading gave, to be compared. How far one came that broke off, and what it threw, is a matter of luck. */
export function asRead({ outcome, content }: Reading): unknown {
  return outcome === "ended" ? content : { outcome };
}

/** What a reading gave, for people. */
export function asTold({ outcome, content, error }: Reading): unknown {
  if (outcome === "ended") return content;
  return outcome === "open" ? { outcome, content } : { outcome, content, error };
}

/** What `read` has made of a message, with something else for each reading, and perhaps for bytes. */
export function mapped(
  value: unknown,
  onReading: OnReading,
  onBytes: (bytes: Uint8Array) => unknown = (bytes) => bytes,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Reading) return mapped(onReading(value), onReading, onBytes);
  if (value instanceof Uint8Array) return onBytes(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, onReading, onBytes));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, mapped(field, onReading, onBytes)]));
}

/** The async iterables in a message, not begun. */
export function iterablesIn(message: unknown): AsyncIterable<unknown>[] {
  if (typeof message !== "object" || ArrayBuffer.isView(message)) return [];
  const found: AsyncIterable<unknown>[] = [];
  plain(message, (iterable) => found.push(iterable));
  return found;
}

type OnIterable = (iterable: AsyncIterable<unknown>) => unknown;

/** The fields and getters of a value, as deep as they go, in plain objects. */
export function plain(value: unknown, onIterable: OnIterable, above: readonly object[] = []): unknown {
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
