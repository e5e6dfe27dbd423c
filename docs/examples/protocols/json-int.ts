import { asBuffer, type Bytes, type Codec, type CodecFactory, ProtocolError } from "@sock/codec";

/** Bytes that are not JSON break no framing: they are a message as well, and the handler says what becomes of it. */
export type Json = { ok: true; value: unknown } | { ok: false; error: unknown };

/** The length of the whole frame in four bytes, the big end first, then JSON. */
export function jsonInt(): CodecFactory<Json, unknown> {
  return () => new JsonIntCodec();
}

const HEADER = 4;
const utf8 = new TextDecoder("utf-8", { fatal: true });

class JsonIntCodec implements Codec<Json, unknown> {
  input(buffer: Uint8Array): number {
    if (buffer.length < HEADER) return 0;
    const length = asBuffer(buffer).readUInt32BE();
    if (length < HEADER)
      throw new ProtocolError("JSON_LENGTH", `length ${length} leaves no room for its header`);
    return length;
  }

  decode(frame: Uint8Array): Json {
    try {
      return { ok: true, value: JSON.parse(utf8.decode(frame.subarray(HEADER))) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  encode(value: unknown): Bytes {
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) throw new TypeError(`JSON has no word for a ${typeof value}`);
    const header = Buffer.alloc(HEADER);
    header.writeUInt32BE(HEADER + Buffer.byteLength(json));
    return [header, json];
  }
}
