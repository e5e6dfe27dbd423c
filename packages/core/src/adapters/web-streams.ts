import type { Taker } from "../connection/messages.ts";
import { SockError } from "../errors.ts";
import { type AnyConnection, takeable } from "./takeable.ts";

/** The two directions of a connection. */
export interface WebStreams<In, Out> {
  readable: ReadableStream<In>;
  writable: WritableStream<Out>;
}

/**
 * The connection as a pair of Web Streams, in place of `onMessage`. Of messages: chunks, where the codec is `raw()`. It is
 * read one message ahead of whoever reads, and written as fast as there is room for `sent`.
 *
 * The peer's end closes `readable`; closing `writable` ends our side, when all is written. Each goes by itself: whoever
 * wants the connection to be over closes `writable` too. An error of the connection is that of both. Cancelling `readable`
 * closes the connection in order; aborting `writable` cuts it, and a TCP peer sees a reset.
 *
 * @throws TypeError when its messages are taken already
 * @example
 * const { readable, writable } = toWebStreams(connection);
 * await readable.pipeThrough(new DecompressionStream("gzip")).pipeTo(destination);
 */
export function toWebStreams<In, Out>(connection: AnyConnection<In, Out>): WebStreams<In, Out> {
  const source = takeable(connection);
  let reader!: ReadableStreamDefaultController<In>;
  let writer!: WritableStreamDefaultController;
  /** Lets the next message come. */
  let more = () => {};
  let isReadable = true;
  let isAborted = false;

  const readable = new ReadableStream<In>(
    {
      start(controller) {
        reader = controller;
      },
      pull: () => more(),
      cancel() {
        isReadable = false;
        source.close();
        more();
      },
    },
    { highWaterMark: 1 },
  );
  const writable = new WritableStream<Out>({
    start(controller) {
      writer = controller;
    },
    write: (message) => source.sent(message),
    close() {
      source.closeWrite();
      return source.state === "closed" ? undefined : source.drained();
    },
    abort(reason) {
      isAborted = true;
      source.destroy(asError(reason));
    },
  });

  const end = () => {
    if (isReadable) reader.close();
    isReadable = false;
  };
  const fail = (error: unknown) => {
    if (isReadable) reader.error(error);
    isReadable = false;
  };
  const taker: Taker<In> = {
    endsItself: true,
    take(message) {
      if (!isReadable) return undefined;
      reader.enqueue(message);
      if ((reader.desiredSize ?? 1) > 0) return undefined;
      return new Promise<void>((resolve) => {
        more = resolve;
      });
    },
    ended: end,
    closed(error) {
      const reason = error ?? new SockError("CONNECTION_CLOSED", "the connection is closed");
      // Cut, and not closed: what was heard is not all.
      if (error !== undefined || source.state === "closed") fail(reason);
      else end();
      if (!isAborted) writer.error(reason);
    },
  };
  source.take(taker);
  return { readable, writable };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("the writer was aborted", { cause: reason });
}
