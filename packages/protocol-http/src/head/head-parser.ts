import { asBuffer, type ProtocolError } from "@sock/codec";
import { Fields } from "./fields.ts";
import { COLON, CR, IS_TOKEN, IS_VALUE, isBlank, LF } from "./grammar.ts";

/** A first line and its fields. */
export type Head<Line> = Line & { readonly fields: Fields };

/** How much a head may take. Over it, a request is answered with 431. */
export interface HeadLimits {
  /** Bytes from the first to the last, the empty line included. */
  readonly maxHeadSize: number;
  readonly maxFields: number;
  /** Bytes of a request's target. Over it, a request is answered with 414. */
  readonly maxTargetSize: number;
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  // 16 KiB. Node allows 16, Tomcat 8, nginx 8 a line.
  maxHeadSize: 16 * 1024,
  // As many as Apache and Cowboy allow.
  maxFields: 100,
  // Apache allows 8190, nginx 8 KiB; RFC 9112 3 asks for 8000 at least.
  maxTargetSize: 8 * 1024,
};

/** What tells requests, responses and trailers apart: the first line, and what a bad head is worth telling the peer. */
export interface HeadKind<Line> {
  /**
   * Checks the first line, which stands at [start, end). Absent: there is none, and fields come at once.
   * @throws ProtocolError
   */
  check?(bytes: Uint8Array, start: number, end: number, limits: HeadLimits): void;
  /**
   * Is told how far the first line goes, whether it has ended or not.
   * @throws ProtocolError when that is too far
   */
  checkSize?(size: number, limits: HeadLimits): void;
  /**
   * Checks a first line of which only the beginning is known, without looking for its end first. Answers where its CR LF
   * stands; 0 when the line has not ended, or is not as it should be, which `check` will tell.
   */
  checkAhead?(bytes: Uint8Array, start: number, limits: HeadLimits): number;
  /** The head whose first line has been checked, and stands at [start, end) of `text`. */
  make(text: string, start: number, end: number, fields: Fields): Head<Line>;
  fail(status: number, code: string, sentence: string): ProtocolError;
}

/**
 * Finds the end of an HTTP/1 head and checks it on the way, each line once however it is dripped. As strict as
 * RFC 9112 asks: lines end with CR LF and nothing else, no folded lines, no space before a colon, names are tokens,
 * no controls in values.
 *
 * A line is judged when it is whole, so chunks decide nothing. One parser serves all heads of a connection, one after
 * the other.
 */
export class HeadParser<Line> {
  readonly #kind: HeadKind<Line>;
  readonly #limits: HeadLimits;
  /** Where the line begins that has not ended yet, and how far its end was searched. */
  #lineStart = 0;
  #searched = 0;
  #length = 0;
  /** Where the first line begins and ends; -1 until it was read. */
  #firstLine = -1;
  #firstLineEnd = 0;
  /** For each field, where its name and its value stand: begin, end, begin, end. Used again for each head. */
  #marks: number[] = NONE;
  #marked = 0;
  /** A bit for each length that a name has: most names that are asked for are not there. */
  #lengths = 0;

  constructor(kind: HeadKind<Line>, limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#kind = kind;
    this.#limits = limits;
    if (kind.check === undefined) this.#firstLine = 0;
  }

  /** Whether a head has begun that has not been taken. */
  get hasBegun(): boolean {
    return this.#searched > 0;
  }

  /**
   * Length of the head at the start of `bytes`, or 0 when it has not ended. Called again with the same bytes plus
   * more, it goes on where it stopped.
   * @throws ProtocolError when no head can begin like this
   */
  scan(bytes: Uint8Array): number {
    while (this.#length === 0) {
      const end = this.#nextLine(bytes);
      if (end === 0) return 0;
      if (end > this.#limits.maxHeadSize) throw this.#tooLong();
      this.#lineStart = this.#searched = end;
    }
    return this.#length;
  }

  /** The head that `scan` has measured. The next one may follow. */
  take(bytes: Uint8Array): Head<Line> {
    const text = asBuffer(bytes).toString("latin1", 0, this.#length);
    const fields = new Fields(text, this.#marks.slice(0, this.#marked), this.#lengths);
    const head = this.#kind.make(text, this.#firstLine, this.#firstLineEnd, fields);
    this.#lineStart = this.#searched = this.#length = this.#lengths = this.#marked = 0;
    this.#firstLine = this.#kind.check === undefined ? 0 : -1;
    return head;
  }

  /** Reads the line that begins at `#lineStart`, and answers where the next one does; 0 when it has not ended. */
  #nextLine(bytes: Uint8Array): number {
    const start = this.#lineStart;
    // A line of which a part was seen already has its end looked for first: read again at each byte, it would cost O(n²).
    if (this.#searched === start) {
      const end = this.#firstLine === -1 ? this.#readFirstAhead(bytes, start) : this.#readAhead(bytes, start);
      if (end > 0) return end;
    }
    const lineFeed = bytes.indexOf(LF, this.#searched);
    const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    const { maxHeadSize } = this.#limits;
    // The nearer limit is told, wherever a chunk ends.
    if (this.#firstLine === -1) this.#kind.checkSize?.(Math.min(end, maxHeadSize), this.#limits);
    if (end > maxHeadSize) throw this.#tooLong();
    if (lineFeed === -1) {
      this.#searched = end;
      return 0;
    }
    this.#read(bytes, lineFeed);
    return end;
  }

  #readFirstAhead(bytes: Uint8Array, start: number): number {
    const end = this.#kind.checkAhead?.(bytes, start, this.#limits) ?? 0;
    if (end === 0) return 0;
    this.#firstLine = start;
    this.#firstLineEnd = end;
    return end + 2;
  }

  /**
   * Reads a line that is as it should be, without looking for its end first. 0: it has not ended, or is not as it should
   * be. Half of the time of a head of five fields (Node 26).
   */
  #readAhead(bytes: Uint8Array, start: number): number {
    let at = start;
    while (IS_TOKEN[bytes[at]!] === 1) at++;
    const colon = at;
    if (colon === start) {
      if (bytes[at] !== CR || bytes[at + 1] !== LF || at + 2 > this.#limits.maxHeadSize) return 0;
      this.#length = at + 2;
      return at + 2;
    }
    if (bytes[at++] !== COLON || this.#marked === 4 * this.#limits.maxFields) return 0;
    while (isBlank(bytes[at]!)) at++;
    const from = at;
    while (IS_VALUE[bytes[at]!] === 1) at++;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return 0;
    let to = at;
    while (to > from && isBlank(bytes[to - 1]!)) to--;
    this.#note(start, colon, from, to);
    return at + 2;
  }

  #read(bytes: Uint8Array, lineFeed: number): void {
    const start = this.#lineStart;
    const end = lineFeed - 1;
    // RFC 9112 2.2: a recipient may take a bare LF for a line's end. Where one does and the next does not, requests
    // are smuggled.
    if (end < start || bytes[end] !== CR) throw this.#fail(400, "HTTP_LINE_END", "a line ends without CR");
    if (this.#firstLine === -1) this.#readFirstLine(bytes, start, end);
    else if (end === start) this.#length = lineFeed + 1;
    else this.#readField(bytes, start, end);
  }

  #readFirstLine(bytes: Uint8Array, start: number, end: number): void {
    // RFC 9112 2.2: at least one empty line before a request line is to be ignored.
    if (start === 0 && end === 0) return;
    this.#kind.check?.(bytes, start, end, this.#limits);
    this.#firstLine = start;
    this.#firstLineEnd = end;
  }

  #readField(bytes: Uint8Array, start: number, end: number): void {
    if (this.#marked === 4 * this.#limits.maxFields) {
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
    let at = from;
    while (at < to && IS_VALUE[bytes[at]!] === 1) at++;
    if (at < to) throw this.#fail(400, "HTTP_FIELD", `byte ${bytes[at]} in the value of a field`);

    this.#note(start, colon, from, to);
  }

  #note(name: number, nameEnd: number, value: number, valueEnd: number): void {
    if (this.#marks === NONE) this.#marks = [];
    const marks = this.#marks;
    let at = this.#marked;
    marks[at++] = name;
    marks[at++] = nameEnd;
    marks[at++] = value;
    marks[at++] = valueEnd;
    this.#marked = at;
    this.#lengths |= 1 << (nameEnd - name);
  }

  #tooLong(): ProtocolError {
    return this.#fail(431, "HTTP_HEAD_SIZE", `a head of more than ${this.#limits.maxHeadSize} bytes`);
  }

  #fail(status: number, code: string, sentence: string): ProtocolError {
    return this.#kind.fail(status, code, sentence);
  }
}

/** Of all parsers that have found no field yet. */
const NONE: number[] = [];

function badName(bytes: Uint8Array, start: number, at: number): string {
  if (isBlank(bytes[start]!)) return "a folded line";
  return at === start ? "a field without a name" : `byte ${bytes[at]} in the name of a field`;
}
