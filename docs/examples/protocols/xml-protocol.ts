import { asBuffer, type Bytes, type Codec, type CodecFactory, ProtocolError } from "@sock/codec";

/** The length of the whole frame in ten digits, then XML. Whether that is well-formed is for an XML parser to say. */
export function xmlProtocol(): CodecFactory<string> {
  return () => new XmlCodec();
}

const HEADER = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class XmlCodec implements Codec<string> {
  input(buffer: Uint8Array): number {
    if (buffer.length < HEADER) return 0;
    const digits = asBuffer(buffer).toString("latin1", 0, HEADER);
    // Number() alone would take " 12", "1e9" and "0x1f" as well.
    if (!/^[0-9]{10}$/.test(digits)) throw broken(`"${digits}" is no length of ten digits`);
    const length = Number(digits);
    if (length < HEADER) throw broken(`length ${length} leaves no room for its header`);
    return length;
  }

  decode(frame: Uint8Array): string {
    try {
      return utf8.decode(frame.subarray(HEADER));
    } catch (cause) {
      // A string has no way to hand these bytes on.
      throw new ProtocolError("XML_UTF8", `${frame.length} bytes of XML are not UTF-8`, { cause });
    }
  }

  encode(xml: string): Bytes {
    if (!xml.isWellFormed()) throw new TypeError("an XML message is well-formed text");
    const length = HEADER + Buffer.byteLength(xml);
    return `${String(length).padStart(HEADER, "0")}${xml}`;
  }
}

function broken(sentence: string): ProtocolError {
  return new ProtocolError("XML_LENGTH", sentence);
}
