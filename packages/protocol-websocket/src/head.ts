import { asBuffer, ProtocolError } from "@sock/codec";
import { Fields } from "./fields.ts";
import { finalResponse } from "./final-response.ts";
import { IS_TOKEN, isBlank, isControl, TOKEN } from "./grammar.ts";

/** What a request line says. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** The digits after the point: HTTP/1.1 has 1. */
  readonly minor: number;
}

/** What a status line says. */
export interface StatusLine {
  readonly status: number;
  readonly reason: string;
  readonly minor: number;
}

/** A start line and its fields. */
export type Head<Line> = Line & { readonly fields: Fields };

/** How much a head may take. Over it, a request is answered with 431. */
export interface HeadLimits {
  /** Bytes from the first to the last, the empty line included. */
  readonly maxHeadSize: number;
  readonly maxFields: number;
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  // 16 KiB. Node allows 16, Tomcat 8, nginx 8 a line.
  maxHeadSize: 16 * 1024,
  // As many as Apache and Cowboy allow.
  maxFields: 100,
};

/** What tells requests and responses apart: how the first line reads, and what a bad head is worth telling the peer. */
export interface HeadKind<Line> {
  read(line: string): Line;
  fail(status: number, code: string, sentence: string): ProtocolError;
}

/** Heads that clients send. What is wrong with one is answered before the connection closes. */
export const REQUEST: HeadKind<RequestLine> = { read: readRequestLine, fail: failRequest };

/** Heads that servers send. */
export const RESPONSE: HeadKind<StatusLine> = { read: readStatusLine, fail: failResponse };

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

/**
 * Finds the end of an HTTP/1 head and checks it on the way, each byte once however it is dripped. As strict as
 * RFC 9112 asks: lines end with CR LF and nothing else, no folded lines, no space before a colon, names are tokens,
 * no controls in values.
 *
 * One parser serves all heads of a connection, one after the other.
 */
export class HeadParser<Line> {
  readonly #kind: HeadKind<Line>;
  readonly #limits: HeadLimits;
  /** Where the line begins that has not ended yet, and how far its end was searched. */
  #lineStart = 0;
  #searched = 0;
  #length = 0;
  #line: Line | undefined;
  #marks: number[] = [];

  constructor(kind: HeadKind<Line>, limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#kind = kind;
    this.#limits = limits;
  }

  /**
   * Length of the head at the start of `bytes`, or 0 when it has not ended. Called again with the same bytes plus
   * more, it goes on where it stopped.
   * @throws ProtocolError when no head can begin like this
   */
  scan(bytes: Uint8Array): number {
    while (this.#length === 0) {
      const lineFeed = bytes.indexOf(LF, this.#searched);
      const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
      if (end > this.#limits.maxHeadSize) throw this.#fail(431, "HTTP_HEAD_SIZE", this.#tooLong());
      if (lineFeed === -1) {
        this.#searched = end;
        return 0;
      }
      this.#read(bytes, lineFeed);
      this.#lineStart = this.#searched = end;
    }
    return this.#length;
  }

  /** The head that `scan` has measured. The next one may follow. */
  take(bytes: Uint8Array): Head<Line> {
    const text = asBuffer(bytes).toString("latin1", 0, this.#length);
    // scan has read the first line, or it would not have come to an end.
    const head = { ...(this.#line as Line), fields: new Fields(text, this.#marks) };
    this.#lineStart = this.#searched = this.#length = 0;
    this.#line = undefined;
    this.#marks = [];
    return head;
  }

  #read(bytes: Uint8Array, lineFeed: number): void {
    const start = this.#lineStart;
    const end = lineFeed - 1;
    // RFC 9112 2.2: a recipient may take a bare LF for a line's end. Where one does and the next does not, requests
    // are smuggled.
    if (end < start || bytes[end] !== CR) throw this.#fail(400, "HTTP_LINE_END", "a line ends without CR");
    if (this.#line === undefined) this.#readFirstLine(bytes, start, end);
    else if (end === start) this.#length = lineFeed + 1;
    else this.#readField(bytes, start, end);
  }

  #readFirstLine(bytes: Uint8Array, start: number, end: number): void {
    // RFC 9112 2.2: at least one empty line before a request line is to be ignored.
    if (start === 0 && end === 0) return;
    this.#line = this.#kind.read(asBuffer(bytes).toString("latin1", start, end));
  }

  #readField(bytes: Uint8Array, start: number, end: number): void {
    if (this.#marks.length === 4 * this.#limits.maxFields) {
      throw this.#fail(431, "HTTP_FIELD_COUNT", `more than ${this.#limits.maxFields} fields`);
    }
    let colon = start;
    while (IS_TOKEN[bytes[colon]!] === 1) colon++;
    if (colon === start || bytes[colon] !== COLON)
      throw this.#fail(400, "HTTP_FIELD", badName(bytes, start, colon));

    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(bytes[from]!)) from++;
    while (from < to && isBlank(bytes[to - 1]!)) to--;
    for (let at = from; at < to; at++) {
      if (isControl(bytes[at]!))
        throw this.#fail(400, "HTTP_FIELD", `byte ${bytes[at]} in the value of a field`);
    }
    this.#marks.push(start, colon, from, to);
  }

  #tooLong(): string {
    return `a head of more than ${this.#limits.maxHeadSize} bytes`;
  }

  #fail(status: number, code: string, sentence: string): ProtocolError {
    return this.#kind.fail(status, code, sentence);
  }
}

// A target holds no space, no control, and no fragment: clients keep that to themselves.
const REQUEST_LINE = new RegExp(`^([${TOKEN}]+) ([!"$-~]+) HTTP/([0-9])\\.([0-9])$`);
const STATUS_LINE = /^HTTP\/([0-9])\.([0-9]) ([1-9][0-9]{2}) ([\t -~\x80-\xff]*)$/;

function readRequestLine(line: string): RequestLine {
  const match = REQUEST_LINE.exec(line);
  if (match === null) throw failRequest(400, "HTTP_START_LINE", "no request line of HTTP/1");
  const [, method, target, major, minor] = match as unknown as string[];
  if (major !== "1") throw failRequest(505, "HTTP_VERSION", `HTTP/${major} is not spoken here`);
  return { method: method!, target: target!, minor: Number(minor) };
}

function readStatusLine(line: string): StatusLine {
  const match = STATUS_LINE.exec(line);
  if (match === null) throw failResponse(0, "HTTP_START_LINE", "no status line of HTTP/1");
  const [, major, minor, status, reason] = match as unknown as string[];
  if (major !== "1") throw failResponse(0, "HTTP_VERSION", `the server answers in HTTP/${major}`);
  return { status: Number(status), reason: reason!, minor: Number(minor) };
}

function failRequest(status: number, code: string, sentence: string): ProtocolError {
  return new ProtocolError(code, sentence, { farewell: finalResponse(status, { body: sentence }) });
}

function failResponse(_status: number, code: string, sentence: string): ProtocolError {
  return new ProtocolError(code, sentence);
}

function badName(bytes: Uint8Array, start: number, at: number): string {
  if (isBlank(bytes[start]!)) return "a folded line";
  return at === start ? "a field without a name" : `byte ${bytes[at]} in the name of a field`;
}
