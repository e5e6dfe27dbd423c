import type { Bytes } from "@sock/codec";
import { isToken } from "./head/grammar.ts";
import { isHost, targetOf } from "./head/target.ts";
import {
  bodyLength,
  checkBody,
  inChunks,
  inOneChunk,
  isStreamed,
  lastChunk,
  ofLength,
} from "./outgoing-body.ts";
import { type FieldsSaid, headBytes, readFields } from "./outgoing-head.ts";
import { Pieces } from "./pieces.ts";
import type { HttpQuestion, HttpRequestToSend } from "./request-to-send.ts";
import type { BodyToSend } from "./response.ts";

/**
 * A request, made ready to be sent: what its head says, and how its end is told, by RFC 9112 3 and 6.
 *
 * @throws TypeError, RangeError for what cannot be sent
 */
export class Question {
  /** As it was given. */
  readonly message: HttpQuestion;
  readonly method: string;
  readonly head: string | Buffer;
  /** In the form in which it is sent; absent when there is none. */
  readonly body: Bytes | Pieces | undefined;
  /** It asks for no other behind it. */
  readonly isLast: boolean;
  /** The protocols that the server may switch to, in small letters. */
  readonly offers: readonly string[];

  constructor(message: HttpQuestion, host: string | undefined) {
    const request: HttpRequestToSend = typeof message === "string" ? { target: message } : message;
    const { method = "GET", target, headers, body, trailers } = request;
    checkBody(body);
    checkLine(method, target);
    const said = headers === undefined ? undefined : readFields(headers);
    if (said?.host !== undefined && !isHost(said.host)) throw badHost(said.host);
    const hostLine = said?.host === undefined ? `Host: ${hostOf(method, target, host)}\r\n` : "";
    const framing = frame(method, body, trailers, said);
    this.message = message;
    this.method = method;
    this.body = framing.body;
    this.isLast = said?.isClose === true;
    this.offers = said?.upgrade === undefined ? NONE : protocolsOf(said.upgrade);
    const connection = this.isLast ? "Connection: close\r\n" : "";
    const type =
      typeof body === "string" && !said?.hasType ? "Content-Type: text/plain; charset=utf-8\r\n" : "";
    const line = `${method} ${target} HTTP/1.1\r\n`;
    this.head = headBytes(`${line}${hostLine}${connection}${type}${framing.line}${said?.lines ?? ""}\r\n`);
  }

  /** The connection may be another protocol's behind the answer: nothing is sent before that is known. */
  get maySwitch(): boolean {
    return this.method === "CONNECT" || this.offers.length > 0;
  }

  /** It will not be sent. */
  discard(): void {
    if (this.body instanceof Pieces) void this.body.return();
  }
}

const NONE: readonly string[] = [];

/** No space, no control, nothing above ASCII; and no fragment, which clients keep to themselves. */
const TARGET = /^[!"$-~]+$/;

function checkLine(method: string, target: string): void {
  if (typeof method !== "string" || !isToken(method))
    throw new TypeError(`${JSON.stringify(method)} is no method`);
  if (typeof target !== "string" || !TARGET.test(target))
    throw new TypeError(`${JSON.stringify(target)} is no target of a request`);
}

/** RFC 9112 3.2: what the target names; where it names none, what the client was made for. */
function hostOf(method: string, target: string, host = ""): string {
  const found = targetOf(method, target, host);
  if ("part" in found) throw new TypeError(`${target} cannot be asked for: ${found.sentence}`);
  if (found.host === "") throw new TypeError(`a request for ${target} needs a Host`);
  return found.host;
}

/** @throws TypeError for what a Host field cannot say */
export function badHost(host: unknown): TypeError {
  return new TypeError(`${JSON.stringify(host)} is no host, nor a host with a port`);
}

/** RFC 9110 7.8. */
function protocolsOf(upgrade: string): string[] {
  return upgrade
    .toLowerCase()
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
}

interface Framing {
  /** The field that tells where the body ends. */
  readonly line: string;
  readonly body: Bytes | Pieces | undefined;
}

/** RFC 9110 8.6: methods of which a body is expected say that there is none. */
const EXPECT_BODY = new Set(["POST", "PUT", "PATCH"]);

function frame(
  method: string,
  body: BodyToSend | undefined,
  trailers: HttpRequestToSend["trailers"],
  said: FieldsSaid | undefined,
): Framing {
  const length = said?.length;
  const hasBody = body !== undefined || trailers !== undefined || (length !== undefined && length > 0);
  // RFC 9110 9.3.6 and 9.3.8.
  if (hasBody && (method === "CONNECT" || method === "TRACE")) throw new TypeError(`a ${method} has no body`);
  const isStream = isStreamed(body);
  if (!isStream) checkLength(length, body);
  // Now, and not when the body has gone out.
  if (typeof trailers === "object") lastChunk(trailers);
  if (trailers !== undefined || (isStream && length === undefined)) {
    const chunks = isStream ? inChunks(body, trailers, length) : inOneChunk(body, trailers);
    return { line: "Transfer-Encoding: chunked\r\n", body: chunks };
  }
  if (isStream) return { line: `Content-Length: ${length}\r\n`, body: ofLength(body, length as number) };
  if (body === undefined && length === undefined && !EXPECT_BODY.has(method)) return { line: "", body };
  return { line: `Content-Length: ${body === undefined ? 0 : bodyLength(body)}\r\n`, body };
}

function checkLength(said: number | undefined, body: string | Uint8Array | undefined): void {
  if (said === undefined) return;
  const length = body === undefined ? 0 : bodyLength(body);
  if (said !== length) throw new TypeError(`a Content-Length of ${said} for a body of ${length} bytes`);
}
