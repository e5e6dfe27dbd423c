import { asBuffer } from "@sock/codec";
import type { Fields } from "./head/fields.ts";
import { CR, LF, SEMICOLON, TOKEN } from "./head/grammar.ts";
import { type HeadKind, type HeadLimits, HeadParser } from "./head/head-parser.ts";
import { trailersOf } from "./head/trailers.ts";

/** Bytes of the line that a chunk begins with. Hyper and Go allow 4 KiB, Node 16 for the extensions of a body. */
const MAX_LINE = 4 * 1024;

/** Bytes of extensions in a body: they cost work and say nothing. CVE-2024-22019 was their lack of an end. */
const MAX_EXTENSIONS = 16 * 1024;

// RFC 9112 7.1.1, without the blanks that it calls bad. A line feed in a quoted string would end the line.
const EXTENSIONS = new RegExp(
  `^(?:;[${TOKEN}]+(?:=(?:[${TOKEN}]+|"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"))?)*$`,
);

/** 2^53 has 14 digits. Zeros before them are allowed, but not without end. */
const MAX_DIGITS = 16;

/** What of the stream stands next. */
type Place = "size" | "data" | "data end" | "trailers" | "end";

/**
 * Reads a chunked body: RFC 9112 7.1. As strict as that: CR LF and nothing else ends a line or a chunk, sizes are
 * hexadecimal digits and nothing else.
 *
 * `measure` goes as far as the bytes go, so a million chunks of one byte are a frame a read and not a million frames;
 * `decode` moves the data of the frame together, in place.
 */
export class ChunkedReader {
  /** Bytes of data that the chunks announce, up to where it was measured: more than a body may have can be refused at once. */
  size = 0;

  readonly #kind: HeadKind<unknown>;
  readonly #maxSize: number;
  readonly #trailers: HeadParser<unknown>;
  #place: Place = "size";
  /** How far the bytes at the start of the buffer have been read, and how far an end of line was searched. */
  #at = 0;
  #searched = 0;
  /** Bytes missing of this chunk. */
  #missing = 0;
  #extensions = 0;
  /** Where data stands in the frame to be decoded: begin, end, begin, end. */
  #data: number[] = [];
  #trailersAt = -1;

  /** @param maxSize a chunk that goes beyond it begins a frame of its own, so that what came before is decoded first */
  constructor(kind: HeadKind<unknown>, limits: HeadLimits, maxSize: number) {
    this.#kind = kind;
    this.#maxSize = maxSize;
    this.#trailers = new HeadParser(trailersOf(kind), limits);
  }

  /** Whether the last chunk and the trailers have been decoded. */
  get hasEnded(): boolean {
    return this.#place === "end" && this.#at === 0;
  }

  /**
   * How many of these bytes can be decoded: 0 when none can yet.
   * @throws ProtocolError when the first of them break the coding
   */
  measure(bytes: Uint8Array): number {
    while (this.#at < bytes.length && this.#place !== "end") {
      const length = this.#next(bytes);
      if (length === 0) break;
      this.#at += length;
      this.#searched = this.#at;
    }
    return this.#at;
  }

  /** The data in a frame that `measure` has measured, and behind the last chunk the trailers. */
  decode(frame: Uint8Array): { data: Buffer; trailers: Fields | undefined } {
    const bytes = asBuffer(frame);
    const data = bytes.subarray(this.#data[0] ?? 0, this.#gather(bytes));
    const trailers =
      this.#trailersAt === -1 ? undefined : this.#trailers.take(bytes.subarray(this.#trailersAt)).fields;
    this.#at = this.#searched = 0;
    this.#data.length = 0;
    this.#trailersAt = -1;
    return { data, trailers };
  }

  /** Moves the data together behind its first piece. Answers where it ends. */
  #gather(bytes: Buffer): number {
    const pieces = this.#data;
    let end = pieces[1] ?? 0;
    for (let at = 2; at < pieces.length; at += 2) {
      const from = pieces[at]!;
      const to = pieces[at + 1]!;
      // A call costs more than a few bytes do.
      if (to - from < 32) for (let i = from; i < to; i++) bytes[end + i - from] = bytes[i]!;
      else bytes.copyWithin(end, from, to);
      end += to - from;
    }
    return end;
  }

  /** The length of what stands at `#at`; 0 when it is not there yet, or must wait for its own frame to be refused in. */
  #next(bytes: Uint8Array): number {
    switch (this.#place) {
      case "size":
        return this.#readSize(bytes);
      case "data":
        return this.#readData(bytes.length - this.#at);
      case "data end":
        return this.#readDataEnd(bytes);
      default:
        return this.#readTrailers(bytes);
    }
  }

  #readSize(bytes: Uint8Array): number {
    const start = this.#at;
    const lineFeed = bytes.indexOf(LF, this.#searched);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    if (end - start > MAX_LINE) return this.#refuse(`a line of more than ${MAX_LINE} bytes before a chunk`);
    if (lineFeed === -1) {
      this.#searched = end;
      return 0;
    }
    let at = start;
    let size = 0;
    for (; at < end; at++) {
      const digit = HEX[bytes[at]!]!;
      if (digit === NO_DIGIT) break;
      size = size * 16 + digit;
    }
    if (at === start || at - start > MAX_DIGITS || size > Number.MAX_SAFE_INTEGER)
      return this.#refuse("a chunk without a size, or with one that cannot be");
    if (bytes[end - 1] !== CR) return this.#refuse("a line before a chunk that ends without CR");
    if (at !== end - 1 && !this.#readExtensions(bytes, at, end - 1))
      return this.#refuse("something behind the size of a chunk");
    if (start > 0 && this.size + size > this.#maxSize) return 0;
    this.#missing = size;
    this.size += size;
    this.#place = size === 0 ? "trailers" : "data";
    return lineFeed + 1 - start;
  }

  #readExtensions(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] !== SEMICOLON) return false;
    if (this.#extensions + end - start > MAX_EXTENSIONS) return false;
    if (!EXTENSIONS.test(asBuffer(bytes).toString("latin1", start, end))) return false;
    this.#extensions += end - start;
    return true;
  }

  #readData(available: number): number {
    const length = Math.min(available, this.#missing);
    this.#data.push(this.#at, this.#at + length);
    this.#missing -= length;
    if (this.#missing === 0) this.#place = "data end";
    return length;
  }

  #readDataEnd(bytes: Uint8Array): number {
    const at = this.#at;
    if (bytes[at] !== CR || (at + 1 < bytes.length && bytes[at + 1] !== LF))
      return this.#refuse("a chunk that is longer than it says");
    if (at + 1 === bytes.length) return 0;
    this.#place = "size";
    return 2;
  }

  #readTrailers(bytes: Uint8Array): number {
    const isFirst = this.#at === 0;
    let length: number;
    try {
      length = this.#trailers.scan(isFirst ? bytes : bytes.subarray(this.#at));
    } catch (error) {
      // A parser that has thrown says the same again.
      if (isFirst) throw error;
      return 0;
    }
    if (length === 0) return 0;
    this.#trailersAt = this.#at;
    this.#place = "end";
    return length;
  }

  /** What came before is decoded first, so that chunks of the transport decide nothing. */
  #refuse(sentence: string): 0 {
    if (this.#at > 0) return 0;
    throw this.#kind.fail(400, "HTTP_CHUNK", sentence);
  }
}

const NO_DIGIT = 0xff;

/** The value of each hexadecimal digit. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return digit === -1 ? NO_DIGIT : digit;
});
