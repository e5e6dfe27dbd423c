import type { Bytes, Codec, CodecFactory } from "@sock/codec";

/** A line that is not JSON breaks no framing: it is a message as well, and the handler says what becomes of it. */
export type Json = { ok: true; value: unknown } | { ok: false; error: unknown };

/** JSON, one value a line. */
export function jsonNl(): CodecFactory<Json, unknown> {
  return () => new JsonNlCodec();
}

const LF = 0x0a;
const utf8 = new TextDecoder("utf-8", { fatal: true });

class JsonNlCodec implements Codec<Json, unknown> {
  // Bytes already searched without finding a line feed, so a slow line costs O(n), not O(n²).
  #searched = 0;

  input(buffer: Uint8Array): number {
    const at = buffer.indexOf(LF, this.#searched);
    this.#searched = at === -1 ? buffer.length : 0;
    return at + 1;
  }

  decode(line: Uint8Array): Json {
    try {
      // The line's end is white space to JSON.
      return { ok: true, value: JSON.parse(utf8.decode(line)) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  encode(value: unknown): Bytes {
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) throw new TypeError(`JSON has no word for a ${typeof value}`);
    return `${json}\n`;
  }
}
