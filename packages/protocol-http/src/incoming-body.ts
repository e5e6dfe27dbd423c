import type { Fields } from "./head/fields.ts";

/** Read on up to here before the peer has to wait for the reader; go on at half of it. */
const ENOUGH = 128 * 1024;

/** Small pieces are joined when there are this many: each costs an object. */
const MANY = 64;

/** What a body asks of its codec. */
export interface BodyOwner {
  /** Somebody wants to read. */
  wanted(): void;
  /** More has come than was read: wait … */
  full(): void;
  /** … until now. */
  roomy(): void;
  /** Nobody will read the rest. */
  abandoned(): void;
}

/**
 * A body as it comes, to be read once: `for await (const piece of request.body)`. The peer is read at the pace of the
 * reader. Leaving the loop early abandons the rest.
 *
 * Reading throws a ProtocolError when the body breaks off: the one that broke the connection, or one with code `ABORTED`,
 * whose cause is the network's error if there was one.
 */
export class IncomingBody implements AsyncIterable<Buffer>, AsyncIterator<Buffer, undefined> {
  /** Behind a chunked body that has been read to its end: the fields that came with it. */
  trailers: Fields | undefined;

  #owner: BodyOwner;
  #pieces: Buffer[] = [];
  #size = 0;
  #state: "open" | "ended" | "failed" = "open";
  #error: unknown;
  #isTaken = false;
  #isAbandoned = false;
  #isFull = false;
  #reader: Reader | undefined;

  constructor(owner: BodyOwner) {
    this.#owner = owner;
  }

  /** Whether somebody reads, or has read, and has not abandoned it. */
  get isTaken(): boolean {
    return this.#isTaken && !this.#isAbandoned;
  }

  /** Whether nobody will read the rest. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Whether all of it has come. */
  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Bytes that wait to be read, the overhead of their objects included. */
  get retained(): number {
    return this.#size + OVERHEAD * this.#pieces.length;
  }

  /**
   * All of it.
   * @throws RangeError when it is more than `limit` bytes, 10 MiB unless told; the rest is abandoned then
   */
  async bytes(limit: number = 10 * 1024 * 1024): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of this) {
      size += piece.length;
      if (size > limit) throw new RangeError(`a body of more than ${limit} bytes`);
      pieces.push(piece);
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size);
  }

  /** All of it, as UTF-8. */
  async text(limit?: number): Promise<string> {
    return (await this.bytes(limit)).toString();
  }

  /** @throws TypeError when it is being read already */
  [Symbol.asyncIterator](): this {
    if (this.#isTaken || this.#isAbandoned) throw new TypeError("a body can be read once");
    this.#isTaken = true;
    this.#owner.wanted();
    return this;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#reader !== undefined) return this.#reader.promise.then(() => this.next());
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#size -= piece.length;
      if (this.#isFull && this.#size <= ENOUGH / 2) {
        this.#isFull = false;
        this.#owner.roomy();
      }
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#isAbandoned || this.#state === "ended") return Promise.resolve(DONE);
    if (this.#state === "failed") return Promise.reject(this.#error);
    this.#reader = newReader();
    return this.#reader.promise;
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.abandon();
    return Promise.resolve(DONE);
  }

  /** What has come and what still comes is thrown away. */
  abandon(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#pieces = [];
    this.#size = 0;
    this.#reader?.resolve(DONE);
    this.#reader = undefined;
    if (this.#state !== "open") return;
    if (this.#isFull) this.#owner.roomy();
    this.#isFull = false;
    this.#owner.abandoned();
  }

  // What the codec tells

  push(piece: Buffer): void {
    if (this.#isAbandoned || piece.length === 0) return;
    if (this.#reader !== undefined) return this.#settle({ done: false, value: piece });
    this.#pieces.push(unpinned(piece));
    this.#size += piece.length;
    if (this.#pieces.length === MANY) this.#pieces = [Buffer.concat(this.#pieces)];
    if (this.#isFull || this.#size < ENOUGH) return;
    this.#isFull = true;
    this.#owner.full();
  }

  end(trailers: Fields | undefined): void {
    this.trailers = trailers;
    this.#state = "ended";
    // What is read from now on makes no room for anybody.
    this.#isFull = false;
    if (this.#reader !== undefined) this.#settle(DONE);
  }

  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#isFull = false;
    this.#error = error;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  #settle(result: IteratorResult<Buffer, undefined>): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(result);
  }
}

/** What a Buffer of Node's takes beside its bytes, about. */
const OVERHEAD = 128;

/**
 * A piece to be kept. One that is a small part of its memory would keep all of that: each chunk of one byte may have 20
 * around it.
 */
function unpinned(piece: Buffer): Buffer {
  if (piece.buffer.byteLength <= 2 * piece.length + OVERHEAD) return piece;
  const copy = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(copy);
  return copy;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

interface Reader {
  readonly promise: Promise<IteratorResult<Buffer, undefined>>;
  resolve(result: IteratorResult<Buffer, undefined>): void;
  reject(error: unknown): void;
}

function newReader(): Reader {
  let resolve!: Reader["resolve"];
  let reject!: Reader["reject"];
  const promise = new Promise<IteratorResult<Buffer, undefined>>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}
