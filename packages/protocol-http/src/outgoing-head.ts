import type { Bytes } from "@sock/codec";
import { dateLine } from "./date.ts";
import { eachField, type HeadersToSend } from "./head/field-lines.ts";
import { isFieldValue, trimBlanks } from "./head/grammar.ts";
import { REASONS } from "./head/reasons.ts";

/** What the user's fields say of what is ours to know. */
export interface FieldsSaid {
  /** The lines, each with its end. */
  lines: string;
  length: number | undefined;
  isClose: boolean;
  hasType: boolean;
  hasDate: boolean;
  host: string | undefined;
  /** The protocols offered, or chosen. */
  upgrade: string | undefined;
}

/**
 * Writes out the fields of a message, and notes those that matter to the codec. Of `Connection`, `close` and `keep-alive`
 * are left out: what holds is said where it belongs.
 *
 * @throws TypeError for what would break out of its line, and for what is not the user's to say
 */
export function readFields(headers: HeadersToSend): FieldsSaid {
  const said: FieldsSaid = {
    lines: "",
    length: undefined,
    isClose: false,
    hasType: false,
    hasDate: false,
    host: undefined,
    upgrade: undefined,
  };
  eachField(headers, (name, value) => {
    if (notes(said, name, value)) said.lines += `${name}: ${value}\r\n`;
  });
  return said;
}

/** Whether the field is to be written as it is. */
function notes(said: FieldsSaid, name: string, value: string): boolean {
  // Names of no other length matter, and lower case is made of few.
  switch (name.length) {
    case 4:
      if (name.toLowerCase() === "date") said.hasDate = true;
      else if (name.toLowerCase() === "host") said.host = onlyHost(said, value);
      return true;
    case 7:
      if (name.toLowerCase() === "upgrade")
        said.upgrade = said.upgrade === undefined ? value : `${said.upgrade}, ${value}`;
      return true;
    case 10:
      if (name.toLowerCase() !== "connection") return true;
      readConnection(said, value);
      return false;
    case 12:
      if (name.toLowerCase() === "content-type") said.hasType = true;
      return true;
    case 14:
      if (name.toLowerCase() !== "content-length") return true;
      said.length = readLength(said, value);
      return false;
    case 17:
      if (name.toLowerCase() !== "transfer-encoding") return true;
      throw new TypeError("Transfer-Encoding is the codec's to say");
    default:
      return true;
  }
}

/** RFC 9110 7.6.1: a list. What else is in it may name fields, or `Upgrade`. */
function readConnection(said: FieldsSaid, value: string): void {
  const others: string[] = [];
  for (const option of value.split(",").map(trimBlanks)) {
    const name = option.toLowerCase();
    if (name === "close") said.isClose = true;
    else if (name !== "keep-alive" && name !== "") others.push(option);
  }
  if (others.length > 0) said.lines += `Connection: ${others.join(", ")}\r\n`;
}

/** @throws TypeError when one was said before: RFC 9112 3.2 */
function onlyHost(said: FieldsSaid, value: string): string {
  if (said.host !== undefined) throw new TypeError("a message has one Host");
  return value;
}

function readLength(said: FieldsSaid, value: string): number {
  if (!/^[0-9]{1,15}$/.test(value) || said.length !== undefined)
    throw new TypeError(`a Content-Length of ${value} cannot be sent`);
  return Number(value);
}

/** @throws RangeError, TypeError for what cannot be sent */
export function statusLine(status: number, reason: string | undefined): string {
  if (status === 200 && reason === undefined) return "HTTP/1.1 200 OK\r\n";
  if (!Number.isInteger(status) || status < 100 || status > 999)
    throw new RangeError(`a status is a whole number from 100 to 999, not ${status}`);
  // What is no text would be judged as one text and written as another.
  if (reason !== undefined && (typeof reason !== "string" || !isFieldValue(reason)))
    throw new TypeError("a reason is text without line ends");
  return `HTTP/1.1 ${status} ${reason ?? REASONS[status] ?? ""}\r\n`;
}

/** The Date field, unless it was said. */
export function dateUnlessSaid(said: FieldsSaid | undefined, isWanted: boolean): string {
  return isWanted && !said?.hasDate ? dateLine() : "";
}

const NOT_ASCII = /[\x80-\xff]/;

/** A head as it is sent: in latin1, as its fields were checked to be. */
export function headBytes(head: string): string | Buffer {
  // Text is sent as UTF-8, which is the same for ASCII, and mostly it is that.
  return NOT_ASCII.test(head) ? Buffer.from(head, "latin1") : head;
}

/** Head and body as one message. */
export function withBody(head: string | Buffer, body: Bytes): Bytes {
  if (typeof body === "string" && typeof head === "string") return head + body;
  return typeof body === "string" || body instanceof Uint8Array ? [head, body] : [head, ...body];
}
