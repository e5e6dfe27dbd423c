import { type Bytes, type Codec, isStream, toBuffer } from "@sock/codec";

/**
 * A message that is encoded once for all connections whose codecs are alike, however many it is sent to.
 *
 * Codecs that have no `alike` (a compressor that remembers, say) encode it each time. What was encoded is kept until
 * the `Prepared` is collected; the message must not change meanwhile.
 *
 * @example
 * const news = new Prepared("the price is 42");
 * for (const connection of server.connections) connection.send(news);
 */
export class Prepared<Out> {
  readonly message: Out;
  readonly #encoded = new Map<unknown, Bytes>();

  constructor(message: Out) {
    this.message = message;
  }

  /** @internal The bytes that `codec`, which has an `alike`, makes of the message. */
  encodedBy(codec: Codec<never, Out>): Bytes | AsyncIterable<Bytes> {
    const known = this.#encoded.get(codec.alike);
    if (known !== undefined) return known;
    const encoded = codec.encode(this.message);
    if (isStream(encoded)) return encoded;
    const bytes = toBuffer(encoded);
    this.#encoded.set(codec.alike, bytes);
    return bytes;
  }
}
