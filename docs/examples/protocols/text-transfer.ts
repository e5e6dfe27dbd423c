import { asBuffer, type Bytes, type Codec, type CodecFactory } from "@sock/codec";

/** A file that a client sends. Its name is the client's: nobody has looked whether it is safe. */
export type Upload = { ok: true; name: string; file: Uint8Array } | { ok: false; error: unknown };

/** Files come in as lines of JSON, a line of text goes back. */
export function textTransfer(): CodecFactory<Upload, string> {
  return () => new TextTransferCodec();
}

/** What a client sends: the name, and the file in Base64. */
export function encodeUpload(name: string, file: Uint8Array): Bytes {
  return `${JSON.stringify({ file_name: name, file_data: asBuffer(file).toString("base64") })}\n`;
}

const LF = 0x0a;
const utf8 = new TextDecoder("utf-8", { fatal: true });

class TextTransferCodec implements Codec<Upload, string> {
  // Bytes already searched without finding a line feed, so a slow line costs O(n), not O(n²).
  #searched = 0;

  input(buffer: Uint8Array): number {
    const at = buffer.indexOf(LF, this.#searched);
    this.#searched = at === -1 ? buffer.length : 0;
    return at + 1;
  }

  decode(line: Uint8Array): Upload {
    try {
      return parseUpload(utf8.decode(line));
    } catch (error) {
      // The line ended where it should: the handler may answer, and the next line is read.
      return { ok: false, error };
    }
  }

  encode(answer: string): Bytes {
    if (/[\r\n]/.test(answer)) throw new TypeError("an answer is one line of text");
    return `${answer}\n`;
  }
}

function parseUpload(json: string): Upload {
  const { file_name: name, file_data: data }: Record<string, unknown> = JSON.parse(json);
  if (typeof name !== "string" || !name.isWellFormed()) throw new TypeError("file_name is not text");
  if (typeof data !== "string") throw new TypeError("file_data is not text");
  const file = Buffer.from(data, "base64");
  // Buffer.from passes over what is not Base64.
  if (file.toString("base64") !== data) throw new TypeError("file_data is not Base64");
  return { ok: true, name, file };
}
