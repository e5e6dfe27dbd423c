import type { Bytes, Codec, CodecFactory, CodecLink } from "@sock/codec";

/** No protocol: what arrives together is one message. Where one ends and the next begins means nothing. */
export function raw(): CodecFactory<Buffer, Bytes> {
  return (link) => new RawCodec(link);
}

class RawCodec implements Codec<Buffer, Bytes> {
  readonly alike = "raw";
  readonly #link: CodecLink;

  constructor(link: CodecLink) {
    this.#link = link;
  }

  get name(): string {
    return "raw";
  }

  input(buffer: Uint8Array): number {
    return Math.min(buffer.length, this.#link.maxPackageSize);
  }

  decode(chunk: Uint8Array): Buffer {
    // The engine passes Buffers on every path.
    return chunk as Buffer;
  }

  encode(message: Bytes): Bytes {
    return message;
  }
}
