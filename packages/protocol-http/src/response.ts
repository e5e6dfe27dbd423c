import type { HeadersToSend } from "./head/field-lines.ts";

/** A body whose pieces come one after the other: a generator, a web `ReadableStream`, a `Readable` of Node. */
export interface StreamedBody extends AsyncIterable<string | Uint8Array> {
  /**
   * A piece that means nothing, and may stand between any two: a comment. It is sent when nothing has come from the client
   * for the connection's `pingInterval`, unless the length of the body was said. Absent: nothing is.
   */
  readonly heartbeat?: string | Uint8Array | undefined;

  /**
   * Whether a client that ends its side has left: nobody goes on listening to what has no end. The body is let go of then,
   * and the connection with it. Default: false, the rest is sent; a client may end its side and still read.
   */
  readonly endsWithClient?: boolean | undefined;
}

/** What follows a head. Text is sent as UTF-8. */
export type BodyToSend = string | Uint8Array | StreamedBody;

/** What a server answers. */
export interface HttpResponse {
  /**
   * 100 to 999. Default 200. One from 102 to 199 is not final: another answer follows (103, early hints). 101, and 2xx to a
   * CONNECT, hand the connection over: `connection.upgrade` comes next.
   */
  readonly status?: number | undefined;
  /** What the status is called. Default: what RFC 9110 calls it. */
  readonly reason?: string | undefined;
  /**
   * `Connection: close` makes this the last answer. A `Content-Length` is checked against the body. `Transfer-Encoding` is
   * the codec's to say.
   */
  readonly headers?: HeadersToSend | undefined;
  /**
   * A text without a `Content-Type` gets `text/plain; charset=utf-8`. A stream is sent in chunks, unless the headers say
   * its length; to a client of HTTP/1.0 without either, as the last answer.
   */
  readonly body?: BodyToSend | undefined;
  /**
   * Fields that follow the body, which is sent in chunks then; a function is called when the body has been sent. Clients
   * of HTTP/1.0 do not get them.
   */
  readonly trailers?: HeadersToSend | (() => HeadersToSend) | undefined;
}

/** What may be sent: an answer, or the body of one with status 200. */
export type HttpAnswer = string | Uint8Array | HttpResponse;
