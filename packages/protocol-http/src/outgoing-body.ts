import { fieldLines, type HeadersToSend } from "./head/field-lines.ts";
import { Pieces } from "./pieces.ts";
import type { BodyToSend, StreamedBody } from "./response.ts";
import { open } from "./source.ts";

/** Whether a body comes piece by piece. */
export function isStreamed(body: unknown): body is StreamedBody {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** @throws TypeError when it is nothing that can be a body */
export function checkBody(body: BodyToSend | undefined): void {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array || isStreamed(body))
    return;
  throw new TypeError("a body is a text, bytes, or what can be iterated for them");
}

/** How many bytes a whole body takes. */
export function bodyLength(body: string | Uint8Array): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** A piece as a chunk: RFC 9112 7.1. */
function chunk(piece: string | Uint8Array): (string | Uint8Array)[] {
  return [`${bodyLength(piece).toString(16)}\r\n`, piece, "\r\n"];
}

/** Fields that would change what the message is, or where it ends: RFC 9110 6.5.1. */
const NO_TRAILERS = new Set([
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "host",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What follows the chunks. @throws TypeError for fields that may not stand there */
export function lastChunk(trailers?: HeadersToSend | (() => HeadersToSend)): string | Buffer {
  if (trailers === undefined) return "0\r\n\r\n";
  const lines = fieldLines(typeof trailers === "function" ? trailers() : trailers, NO_TRAILERS);
  return Buffer.from(`0\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`, "latin1");
}

/** A body that is there, as one chunk, and the last behind it. @throws TypeError for trailers that may not stand there */
export function inOneChunk(
  body: string | Uint8Array | undefined,
  trailers?: HeadersToSend | (() => HeadersToSend),
): (string | Uint8Array)[] {
  const isEmpty = body === undefined || body.length === 0;
  return [...(isEmpty ? [] : chunk(body)), lastChunk(trailers)];
}

/**
 * The pieces of a body, each as a chunk, and the last chunk behind them.
 * @param length bytes that it takes, if that was said: taking the pieces throws a RangeError when it does not
 */
export function inChunks(
  body: StreamedBody,
  trailers?: HeadersToSend | (() => HeadersToSend),
  length?: number,
): Pieces {
  const count = counter(length);
  const { heartbeat } = body;
  return new Pieces(body, {
    piece(piece) {
      const size = count(checkPiece(piece));
      // An empty chunk would be the last.
      return size > 0 ? chunk(piece) : undefined;
    },
    end() {
      count(undefined);
      return lastChunk(trailers);
    },
    heartbeat: length === undefined && heartbeat ? chunk(heartbeat) : undefined,
  });
}

/** The pieces of a body that takes exactly `length` bytes: taking them throws a RangeError when it does not. */
export function ofLength(body: StreamedBody, length: number): Pieces {
  const count = counter(length);
  return new Pieces(body, {
    piece(piece) {
      count(checkPiece(piece));
      return piece;
    },
    end: () => void count(undefined),
  });
}

/** The pieces of a body that ends with the connection. */
export function untilClose(body: StreamedBody): Pieces {
  const { heartbeat } = body;
  return new Pieces(body, { piece: checkPiece, end: () => undefined, heartbeat });
}

/** Answers how long a piece is; `undefined` is the end. @throws RangeError when they are not `length` in all */
function counter(length: number | undefined): (piece: string | Uint8Array | undefined) => number {
  let sent = 0;
  return (piece) => {
    const size = piece === undefined ? 0 : bodyLength(piece);
    sent += size;
    if (length === undefined) return size;
    if (sent > length) throw new RangeError(`a body of more bytes than the ${length} that were announced`);
    if (piece === undefined && sent < length)
      throw new RangeError(`a body of ${sent} bytes, where ${length} were announced`);
    return size;
  };
}

function checkPiece(piece: string | Uint8Array): string | Uint8Array {
  if (typeof piece === "string" || piece instanceof Uint8Array) return piece;
  throw new TypeError("the pieces of a body are texts or bytes");
}

/** Lets go of a body that will not be sent. */
export function discard(body: StreamedBody): void {
  open(body).leave();
}
