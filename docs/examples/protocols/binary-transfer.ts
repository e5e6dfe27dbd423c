import { asBuffer, type Bytes, type Codec, type CodecFactory, ProtocolError } from "@sock/codec";

/** A file that a client sends. Its name is the client's: nobody has looked whether it is safe. */
export type Upload = { ok: true; name: string; file: Uint8Array } | { ok: false; error: unknown };

/** Files come in, a line of text goes back. */
export function binaryTransfer(): CodecFactory<Upload, string> {
  return () => new BinaryTransferCodec();
}

/** What a client sends: length of it all (4 bytes, the big end first), length of the name (1 byte), name, file. */
export function encodeUpload(name: string, file: Uint8Array): Bytes {
  const nameLength = Buffer.byteLength(name);
  if (nameLength > 255 || !name.isWellFormed())
    throw new TypeError(`a file's name is text of up to 255 bytes`);
  const start = Buffer.alloc(HEADER + nameLength);
  start.writeUInt32BE(start.length + file.length);
  start.writeUInt8(nameLength, 4);
  start.write(name, HEADER);
  return [start, file];
}

const HEADER = 5;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class BinaryTransferCodec implements Codec<Upload, string> {
  input(buffer: Uint8Array): number {
    if (buffer.length < HEADER) return 0;
    const length = asBuffer(buffer).readUInt32BE();
    const start = HEADER + buffer[4]!;
    if (length < start)
      throw new ProtocolError("UPLOAD_LENGTH", `length ${length} leaves no room for ${start} bytes`);
    return length;
  }

  decode(frame: Uint8Array): Upload {
    const start = HEADER + frame[4]!;
    try {
      return { ok: true, name: utf8.decode(frame.subarray(HEADER, start)), file: frame.subarray(start) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  encode(answer: string): Bytes {
    if (/[\r\n]/.test(answer)) throw new TypeError("an answer is one line of text");
    return `${answer}\n`;
  }
}
