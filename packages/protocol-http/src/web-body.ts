import type { StreamedBody } from "./response.ts";

/** Bytes up to which a body is gathered that is there at once: as much as a reader of requests is ahead. */
const ENOUGH = 64 * 1024;

/** Turns of the microtask queue in which a body that is there has said so: texts and bytes take 2, generators 6 (Node 20). */
const TURNS = 8;

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Reading = ReturnType<Reader["read"]>;

/**
 * The body of a `Response`: whole, and so with its length, when it is small and all there, as texts and JSON are, of which the
 * web keeps nothing but a stream. Else as it comes.
 *
 * @throws TypeError when it was read already; what a body throws that breaks at once
 */
export async function webBody(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | Rest> {
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  for (let size = 0; ; ) {
    const reading = reader.read();
    const result = size < ENOUGH ? await soon(reading) : undefined;
    if (result === undefined) return new Rest(pieces, reading, reader);
    if (result.done) return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces, size);
    pieces.push(result.value);
    size += result.value.length;
  }
}

/** What has been read by the end of some turns; `undefined`: nothing yet. */
async function soon(reading: Reading): Promise<Awaited<Reading> | undefined> {
  let settled: { result: Awaited<Reading> } | { error: unknown } | undefined;
  reading.then(
    (result) => {
      settled = { result };
    },
    (error: unknown) => {
      settled = { error };
    },
  );
  for (let turn = 0; settled === undefined && turn < TURNS; turn++) await undefined;
  // Set in a callback, of which the compiler knows nothing.
  const outcome = settled as typeof settled | { result: Awaited<Reading> };
  if (outcome !== undefined && "error" in outcome) throw outcome.error;
  return outcome?.result;
}

/** A body of which some has been read. */
export class Rest implements StreamedBody, AsyncIterator<Uint8Array, undefined> {
  /** As everywhere else where handlers of the web run. */
  readonly endsWithClient = true;
  readonly #pieces: Uint8Array[];
  readonly #reader: Reader;
  #reading: Reading | undefined;

  constructor(pieces: Uint8Array[], reading: Reading, reader: Reader) {
    this.#pieces = pieces;
    this.#reading = reading;
    this.#reader = reader;
    // Whoever takes it is told.
    reading.catch(() => undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) return { done: false, value: piece };
    const { done, value } = await (this.#reading ?? this.#reader.read());
    this.#reading = undefined;
    return done ? { done, value: undefined } : { done, value };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#reader.cancel();
    return { done: true, value: undefined };
  }
}
