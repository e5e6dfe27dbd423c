import type { Bytes } from "@sock/codec";
import { fieldLines, type HeadersToSend } from "./head/field-lines.ts";
import type { BodyToSend, StreamedBody } from "./response.ts";

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
export function chunk(piece: string | Uint8Array): (string | Uint8Array)[] {
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

/** The pieces of a body, each as a chunk, and the last chunk behind them. */
export async function* inChunks(
  body: StreamedBody,
  trailers?: HeadersToSend | (() => HeadersToSend),
): AsyncGenerator<Bytes, void, void> {
  for await (const piece of body) {
    // An empty chunk would be the last.
    if (bodyLength(checkPiece(piece)) > 0) yield chunk(piece);
  }
  yield lastChunk(trailers);
}

/** The pieces of a body that takes exactly `length` bytes. @throws RangeError when it does not */
export async function* ofLength(
  body: StreamedBody,
  length: number,
): AsyncGenerator<string | Uint8Array, void, void> {
  let missing = length;
  for await (const piece of body) {
    missing -= bodyLength(checkPiece(piece));
    if (missing < 0) throw new RangeError(`a body of more bytes than the ${length} that were announced`);
    yield piece;
  }
  if (missing > 0)
    throw new RangeError(`a body of ${length - missing} bytes, where ${length} were announced`);
}

/** The pieces of a body that ends with the connection. */
export async function* untilClose(body: StreamedBody): AsyncGenerator<Bytes, void, void> {
  for await (const piece of body) yield checkPiece(piece);
}

function checkPiece(piece: string | Uint8Array): string | Uint8Array {
  if (typeof piece === "string" || piece instanceof Uint8Array) return piece;
  throw new TypeError("the pieces of a body are texts or bytes");
}

/**
 * Lets go of a body that will not be sent, or not to its end.
 * @param hasBegun somebody iterates it, and tells it: but between two pieces, which may be long in coming
 */
export function discard(body: StreamedBody & { destroy?(): unknown }, hasBegun = false): void {
  // A stream of Node's hears of no return before its first piece, nor within one: a file or a socket would stay open.
  if (typeof body.destroy === "function") return void body.destroy();
  if (hasBegun) return;
  const iterator = body[Symbol.asyncIterator]();
  // Nobody waits for its result, so nobody can do anything about its error.
  void Promise.resolve(iterator.return?.()).catch(() => undefined);
}
