import { Duplex } from "node:stream";
import type { Taker } from "../connection/messages.ts";
import { type AnyConnection, type Takeable, takeable } from "./takeable.ts";

export interface DuplexOptions {
  /** Whether our side stays open when the peer has ended its own. Default: false, as for a socket of `net`. */
  allowHalfOpen?: boolean;
}

/**
 * The connection as a stream of Node, in place of `onMessage`. Of bytes where the codec is `raw()`; else of messages, in
 * object mode, one at a time. It is read as fast as the stream is, and written as fast as there is room for `sent`.
 *
 * `end()` ends our side when all is written. An error of the connection is the stream's. `destroy()` cuts the connection;
 * with an error, a TCP peer sees a reset, as when a source fails in `pipeline`. The connection's other callbacks go on.
 *
 * @throws TypeError when its messages are taken already
 * @example
 * await pipeline(toDuplex(connection), createGunzip(), createWriteStream("upload"));
 */
export function toDuplex<In, Out>(
  connection: AnyConnection<In, Out>,
  { allowHalfOpen = false }: DuplexOptions = {},
): Duplex {
  return new ConnectionDuplex(takeable(connection), allowHalfOpen);
}

class ConnectionDuplex<In, Out> extends Duplex {
  readonly #connection: Takeable<In, Out>;
  /** Lets the next message come. */
  #more: (() => void) | undefined;
  #hasEnded = false;
  /** The connection goes, or has gone, by itself. */
  #isOver = false;

  constructor(connection: Takeable<In, Out>, allowHalfOpen: boolean) {
    // What waits to be sent waits in the connection, and what waits to be read in its peer.
    super(connection.isBytes ? { allowHalfOpen } : { allowHalfOpen, objectMode: true, highWaterMark: 1 });
    this.#connection = connection;
    const taker: Taker<In> = {
      endsItself: true,
      take: (message) => this.#take(message),
      ended: () => this.#end(),
      closed: (error) => this.#closed(error),
    };
    connection.take(taker);
  }

  override _read(): void {
    const more = this.#more;
    this.#more = undefined;
    more?.();
  }

  override _write(message: Out, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#connection.sent(message).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#connection.closeWrite();
    if (this.#connection.state === "closed") done();
    else this.#connection.drained().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isThrough = this.#hasEnded && this.writableFinished;
    if (!this.#isOver && !isThrough) this.#connection.destroy(error ?? undefined);
    done(error);
  }

  #take(message: In): unknown {
    if (message === null) throw new TypeError("a stream of Node cannot carry null");
    if (this.push(message)) return undefined;
    return new Promise<void>((resolve) => {
      this.#more = resolve;
    });
  }

  #end(): void {
    this.#hasEnded = true;
    this.push(null);
  }

  #closed(error: unknown): void {
    this.#isOver = true;
    if (error !== undefined) this.destroy(error as Error);
    else if (this.#hasEnded) return;
    // Cut, and not closed: what was heard is not all.
    else if (this.#connection.state === "closed") this.destroy();
    else this.#end();
  }
}
