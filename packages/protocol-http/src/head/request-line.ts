import { ProtocolError } from "@sock/codec";
import { finalResponse } from "./final-response.ts";
import { CR, IS_TOKEN, LF, SP, tableOf } from "./grammar.ts";
import type { HeadKind, HeadLimits } from "./head-parser.ts";

/** What a request line says. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** The digit after the point: HTTP/1.1 has 1. */
  readonly minor: number;
}

/** Heads that clients send. What is wrong with one is answered before the connection closes. */
export const REQUEST: HeadKind<RequestLine> = { check, checkSize, checkAhead, make, fail };

/** No space, no control, and no fragment: clients keep that to themselves. */
const IS_TARGET = tableOf(/[!"$-~]/);

/** ` HTTP/1.1` */
const VERSION_LENGTH = 9;

/** The longest method there is, that of RFC 3253, has 16 letters; a line may have more of them than its target may. */
const ROOM_FOR_METHOD = 256;

function check(bytes: Uint8Array, start: number, end: number, { maxTargetSize }: HeadLimits): void {
  let at = start;
  while (IS_TOKEN[bytes[at]!] === 1) at++;
  const target = at + 1;
  if (at === start || bytes[at] !== SP) throw noRequestLine();
  at = target;
  while (IS_TARGET[bytes[at]!] === 1) at++;
  if (at === target || end - at !== VERSION_LENGTH || !isVersion(bytes, at)) throw noRequestLine();
  if (at - target > maxTargetSize) throw targetTooLong(maxTargetSize);
  if (bytes[end - 3] !== ONE)
    throw fail(505, "HTTP_VERSION", "another version than HTTP/1 is not spoken here");
}

function checkSize(size: number, { maxTargetSize }: HeadLimits): void {
  if (size > maxTargetSize + ROOM_FOR_METHOD) throw targetTooLong(maxTargetSize);
}

function checkAhead(bytes: Uint8Array, start: number, { maxTargetSize }: HeadLimits): number {
  let at = start;
  while (IS_TOKEN[bytes[at]!] === 1) at++;
  const target = at + 1;
  if (at === start || bytes[at] !== SP) return 0;
  at = target;
  while (IS_TARGET[bytes[at]!] === 1) at++;
  const end = at + VERSION_LENGTH;
  if (at === target || at - target > maxTargetSize || bytes[end] !== CR || bytes[end + 1] !== LF) return 0;
  return isVersion(bytes, at) && bytes[end - 3] === ONE ? end : 0;
}

function make(text: string, start: number, end: number, fields: RequestHead["fields"]): RequestHead {
  const methodEnd = text.indexOf(" ", start);
  return {
    method: text.slice(start, methodEnd),
    target: text.slice(methodEnd + 1, end - VERSION_LENGTH),
    minor: text.charCodeAt(end - 1) - ZERO,
    fields,
  };
}

type RequestHead = ReturnType<HeadKind<RequestLine>["make"]>;

const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;

/** Whether ` HTTP/` stands at `at`, and a digit, a point and a digit behind it. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === SP &&
    bytes[at + 1] === 0x48 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x54 &&
    bytes[at + 4] === 0x50 &&
    bytes[at + 5] === 0x2f &&
    isDigit(bytes[at + 6]!) &&
    bytes[at + 7] === 0x2e &&
    isDigit(bytes[at + 8]!)
  );
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function noRequestLine(): ProtocolError {
  return fail(400, "HTTP_START_LINE", "no request line of HTTP/1");
}

function targetTooLong(maxTargetSize: number): ProtocolError {
  return fail(414, "HTTP_TARGET_SIZE", `a target of more than ${maxTargetSize} bytes`);
}

function fail(status: number, code: string, sentence: string): ProtocolError {
  return new ProtocolError(code, sentence, { farewell: finalResponse(status, { body: sentence }) });
}
