import { type Bytes, type Codec, type CodecFactory, isStream, toBuffer } from "@sock/codec";
import { Prepared } from "../prepared.ts";
import { DatagramLink } from "./datagram-link.ts";
import { MAX_DATAGRAM } from "./settings.ts";

/** What may come of a codec besides the bytes. */
interface Beside<Note> {
  maxPackageSize: number;
  now(): number;
  reply(bytes: Bytes): void;
  note(note: Note): void;
}

/** Makes datagrams of messages, each with a codec of its own; those that are alike and remember nothing share one. */
export class Encoder<Out, Note> {
  readonly #factory: CodecFactory<never, Out, Note>;
  #shared: Codec<never, Out> | undefined;

  constructor(factory: CodecFactory<never, Out, Note>) {
    this.#factory = factory;
  }

  /**
   * One datagram. A promise of it when the codec makes its pieces one by one.
   *
   * @param beside makes what hears the codec's replies and notes meanwhile
   * @throws what the codec throws; RangeError when it is more than a datagram holds
   */
  encode(message: Out | Prepared<Out>, beside: () => Beside<Note>): Buffer | Promise<Buffer> {
    const codec = this.#shared ?? this.#factory(new DatagramLink(beside()));
    // Which says that it asks nothing of its link.
    if (codec.alike !== undefined) this.#shared = codec;
    const close = () => {
      if (codec !== this.#shared) codec.closed?.();
    };
    let isStreaming = false;
    try {
      const encoded = encodeBy(codec, message);
      if (!isStream(encoded)) return checkSize(toBuffer(encoded));
      isStreaming = true;
      return gather(encoded).finally(close);
    } finally {
      if (!isStreaming) close();
    }
  }
}

/** @throws RangeError */
export function checkSize(bytes: Buffer): Buffer {
  if (bytes.length <= MAX_DATAGRAM) return bytes;
  throw new RangeError(`a datagram holds ${MAX_DATAGRAM} bytes, not ${bytes.length}`);
}

function encodeBy<Out>(codec: Codec<never, Out>, message: Out | Prepared<Out>): Bytes | AsyncIterable<Bytes> {
  if (!(message instanceof Prepared)) return codec.encode(message);
  return codec.alike === undefined ? codec.encode(message.message) : message.encodedBy(codec);
}

async function gather(stream: AsyncIterable<Bytes>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream) {
    const bytes = toBuffer(piece);
    size += bytes.length;
    pieces.push(bytes);
    if (size > MAX_DATAGRAM) break;
  }
  return checkSize(Buffer.concat(pieces));
}
