import { asBuffer } from "@sock/codec";
import type { BodyLength } from "./body.ts";
import { ChunkedReader } from "./chunked.ts";
import type { Fields } from "./head/fields.ts";
import type { HeadKind, HeadLimits } from "./head/head-parser.ts";

/** Reads the bytes of one body, however its length is told. */
export interface BodyReader {
  /** How many bytes can be decoded; more than there are when they are to come whole; 0 when none can yet. */
  measure(bytes: Uint8Array): number;
  /** The data in a frame that was measured. */
  decode(frame: Uint8Array): Buffer;
  /** Bytes of data that are known of: it never falls. */
  readonly size: number;
  /** Bytes that are known to be missing; Infinity when that is not known. */
  readonly missing: number;
  readonly hasEnded: boolean;
  readonly trailers: Fields | undefined;
}

/**
 * @param isWhole the body is wanted in one piece, if that can be
 * @param maxSize bytes after which the owner refuses the body: what came before is decoded first
 */
export function bodyReader(
  length: BodyLength,
  isWhole: boolean,
  kind: HeadKind<unknown>,
  limits: HeadLimits,
  maxSize: number,
): BodyReader {
  if (length === "chunked") return new ChunkedBody(kind, limits, maxSize);
  if (length === "close") return new EndlessBody();
  return new CountedBody(length, isWhole);
}

/** RFC 9112 6.2: Content-Length. */
class CountedBody implements BodyReader {
  readonly size: number;
  readonly trailers = undefined;
  missing: number;
  readonly #isWhole: boolean;

  constructor(length: number, isWhole: boolean) {
    this.size = length;
    this.missing = length;
    this.#isWhole = isWhole;
  }

  get hasEnded(): boolean {
    return this.missing === 0;
  }

  measure(bytes: Uint8Array): number {
    return this.#isWhole ? this.missing : Math.min(this.missing, bytes.length);
  }

  decode(frame: Uint8Array): Buffer {
    this.missing -= frame.length;
    return asBuffer(frame);
  }
}

/** RFC 9112 7.1: chunks. */
class ChunkedBody implements BodyReader {
  readonly missing = Infinity;
  trailers: Fields | undefined;
  readonly #reader: ChunkedReader;

  constructor(kind: HeadKind<unknown>, limits: HeadLimits, maxSize: number) {
    this.#reader = new ChunkedReader(kind, limits, maxSize);
  }

  get size(): number {
    return this.#reader.size;
  }

  get hasEnded(): boolean {
    return this.#reader.hasEnded;
  }

  measure(bytes: Uint8Array): number {
    return this.#reader.measure(bytes);
  }

  decode(frame: Uint8Array): Buffer {
    const { data, trailers } = this.#reader.decode(frame);
    this.trailers = trailers;
    return data;
  }
}

/** RFC 9112 6.3, 8: an answer that ends with its connection. */
class EndlessBody implements BodyReader {
  readonly missing = Infinity;
  readonly hasEnded = false;
  readonly trailers = undefined;
  size = 0;
  #decoded = 0;

  measure(bytes: Uint8Array): number {
    this.size = this.#decoded + bytes.length;
    return bytes.length;
  }

  decode(frame: Uint8Array): Buffer {
    this.#decoded += frame.length;
    return asBuffer(frame);
  }
}
