import { type Bytes, byteLength, type Codec, type CodecFactory, ProtocolError } from "@sock/codec";
import { type FrameOptions, LengthField } from "./length-field.ts";

/**
 * Makes codecs for messages behind their length. What comes in is a view of its frame; a string is sent as UTF-8.
 *
 * @example
 * const server = await listen("tcp://127.0.0.1:2347", { codec: frame(), onMessage: (connection, bytes) => … });
 */
export function frame(options: FrameOptions = {}): CodecFactory<Uint8Array, Uint8Array | string> {
  const field = new LengthField(options);
  return () => new FrameCodec(field);
}

/**
 * Up to here, length and message leave as one piece. In the engine's cork, 16 at a time, that takes 79 ns a message
 * against 99 in two pieces at 16 bytes, 101 against 105 at 256, and 403 against 123 at 2 KiB. Alone on a bare socket one
 * piece wins up to 4 KiB, by a tenth (Node 26).
 */
const JOINED = 512;

class FrameCodec implements Codec<Uint8Array, Uint8Array | string> {
  readonly alike: string;
  readonly #field: LengthField;

  constructor(field: LengthField) {
    this.alike = `@sock/protocol-frame ${field.name}`;
    this.#field = field;
  }

  get name(): string {
    return "frame";
  }

  input(buffer: Uint8Array): number {
    const { width } = this.#field;
    if (buffer.length < width) return 0;
    const length = this.#field.read(buffer);
    if (length < width) throw tooShort(length, width);
    return length;
  }

  decode(frame: Uint8Array): Uint8Array {
    return frame.subarray(this.#field.width);
  }

  encode(message: Uint8Array | string): Bytes {
    if (!isPayload(message)) throw new TypeError("a frame carries a Uint8Array or well-formed text");
    const { width } = this.#field;
    const length = width + byteLength(message);
    if (length > JOINED) return [this.#field.write(Buffer.allocUnsafe(width), length), message];
    const frame = this.#field.write(Buffer.allocUnsafe(length), length);
    if (typeof message === "string") frame.write(message, width);
    else frame.set(message, width);
    return frame;
  }
}

function isPayload(message: unknown): message is Uint8Array | string {
  return typeof message === "string" ? message.isWellFormed() : message instanceof Uint8Array;
}

function tooShort(length: number, width: number): ProtocolError {
  return new ProtocolError("FRAME_LENGTH", `a length of ${length} leaves no room for its own ${width} bytes`);
}
