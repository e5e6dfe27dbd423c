import type { Bytes } from "@sock/codec";
import { hasBody } from "./body.ts";
import {
  bodyLength,
  checkBody,
  discard,
  inChunks,
  inOneChunk,
  isStreamed,
  ofLength,
  untilClose,
} from "./outgoing-body.ts";
import { dateUnlessSaid, type FieldsSaid, headBytes, readFields, statusLine } from "./outgoing-head.ts";
import type { Pieces } from "./pieces.ts";
import type { BodyToSend, HttpAnswer, HttpResponse } from "./response.ts";

/** What of a request its answer goes by. */
export interface Asked {
  readonly method: string;
  readonly minor: number;
}

/**
 * An answer, made ready to be sent: how its end is told, and whether it is the last, decided by RFC 9112 6 and 9.
 *
 * @throws TypeError, RangeError for what cannot be sent
 */
export class Answer {
  readonly head: string | Buffer;
  /** In the form in which it is sent; absent when none is. */
  readonly body: string | Uint8Array | Bytes | Pieces | undefined;
  /** Another answer follows. */
  readonly isInterim: boolean = false;
  /** The connection is another protocol's from here on. */
  readonly isSwitch: boolean = false;
  readonly isLast: boolean;

  constructor(message: HttpAnswer, asked: Asked, isLast: boolean, isDated: boolean) {
    const { status = 200, reason, headers, body, trailers } = responseOf(message);
    checkBody(body);
    const said = headers === undefined ? undefined : readFields(headers);
    const line = statusLine(status, reason);
    if (status < 200 || (asked.method === "CONNECT" && status < 300)) {
      this.isInterim = status < 200 && status !== 101;
      this.isSwitch = !this.isInterim;
      this.isLast = false;
      this.head = headBytes(`${line}${said?.lines ?? ""}\r\n`);
      this.#refuseBody(body, status);
      // RFC 9110 15.2: a client of HTTP/1.0 must not be sent one.
      if (this.isInterim && asked.minor === 0) this.head = "";
      return;
    }
    const framing = frame(asked, status, body, trailers, said, isLast || said?.isClose === true);
    this.body = framing.body;
    this.isLast = framing.isLast;
    const type =
      typeof body === "string" && !said?.hasType ? "Content-Type: text/plain; charset=utf-8\r\n" : "";
    const connection = connectionLine(asked.minor, framing.isLast);
    const date = dateUnlessSaid(said, isDated);
    const head = `${line}${date}${connection}${type}${framing.line}${said?.lines ?? ""}\r\n`;
    // Nothing of ours is more than ASCII.
    this.head = said === undefined && reason === undefined ? head : headBytes(head);
  }

  #refuseBody(body: BodyToSend | undefined, status: number): void {
    if (body !== undefined) throw new TypeError(`an answer of status ${status} has no body`);
  }
}

/** @throws TypeError for a list or a stream too: as an answer without any part it would pass for an empty one */
function responseOf(message: HttpAnswer): HttpResponse {
  if (typeof message === "string" || message instanceof Uint8Array) return { body: message };
  if (typeof message !== "object" || Symbol.iterator in message || Symbol.asyncIterator in message)
    throw new TypeError("an answer is a text, bytes, or an object with a status, headers or a body");
  return message;
}

interface Framing {
  /** The field that tells where the body ends. */
  readonly line: string;
  readonly body: Bytes | Pieces | undefined;
  readonly isLast: boolean;
}

function frame(
  { method, minor }: Asked,
  status: number,
  body: BodyToSend | undefined,
  trailers: HttpResponse["trailers"],
  said: FieldsSaid | undefined,
  isLast: boolean,
): Framing {
  const isStream = isStreamed(body);
  if (!isStream) checkLength(said, method, status, body);
  if (!hasBody(method, status)) {
    if (isStream) discard(body);
    return { line: lengthUnsent(method, status, body, said), body: undefined, isLast };
  }
  const isChunked = minor > 0 && (trailers !== undefined || (isStream && said?.length === undefined));
  const length = said?.length;
  if (isChunked) {
    const chunks = isStream ? inChunks(body, trailers, length) : inOneChunk(body, trailers);
    return { line: "Transfer-Encoding: chunked\r\n", body: chunks, isLast };
  }
  if (!isStream) {
    const size = body === undefined ? 0 : bodyLength(body);
    return { line: `Content-Length: ${size}\r\n`, body, isLast };
  }
  if (length === undefined) return { line: "", body: untilClose(body), isLast: true };
  return { line: `Content-Length: ${length}\r\n`, body: ofLength(body, length), isLast };
}

/** @throws TypeError when the user says another length than the body has */
function checkLength(
  said: FieldsSaid | undefined,
  method: string,
  status: number,
  body: string | Uint8Array | undefined,
): void {
  if (said?.length === undefined) return;
  // Of a body that is not sent, the length may be known and the body not.
  if (body === undefined && !hasBody(method, status)) return;
  const length = body === undefined ? 0 : bodyLength(body);
  if (said.length !== length)
    throw new TypeError(`a Content-Length of ${said.length} for a body of ${length} bytes`);
}

/** RFC 9110 8.6: what a HEAD or a 304 says is the length of the body that was not sent; a 204 says none. */
function lengthUnsent(
  method: string,
  status: number,
  body: BodyToSend | undefined,
  said: FieldsSaid | undefined,
): string {
  if (status === 204) return "";
  const isKnown = body !== undefined && !isStreamed(body);
  const length = said?.length ?? (isKnown ? bodyLength(body) : undefined);
  if (length !== undefined) return `Content-Length: ${length}\r\n`;
  return method === "HEAD" && body === undefined && status !== 304 ? "Content-Length: 0\r\n" : "";
}

/** RFC 9112 9.3 and 9.6: HTTP/1.1 goes on unless told otherwise, HTTP/1.0 ends. */
function connectionLine(minor: number, isLast: boolean): string {
  if (isLast) return "Connection: close\r\n";
  return minor === 0 ? "Connection: keep-alive\r\n" : "";
}
