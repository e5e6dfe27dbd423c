import { isUtf8 } from "node:buffer";
import { asBuffer, type Bytes, ProtocolError } from "@sock/codec";

/** How the bytes of a line, its end not among them, become a message and back. */
export interface LineEncoding<Message> {
  /** See `Codec.alike`. */
  readonly alike: string;
  decode(line: Uint8Array, end: number): Message;
  /** The message's bytes with their line feed. Throws a `TypeError` when those would not come back as this message. */
  encode(message: Message): Bytes;
}

export const utf8: LineEncoding<string> = {
  alike: "@sock/protocol-text utf8",

  // Ill-formed bytes decode to U+FFFD, so only a line that shows one is checked, and `toString` needs no view of the
  // line. 64 bytes of ASCII: 109 ns, against 128 with `isUtf8` first and 156 with a fatal TextDecoder (Node 26; on
  // Node 20: 145, 161 and 201).
  decode(line, end) {
    const text = asBuffer(line).toString("utf8", 0, end);
    if (text.includes("\uFFFD") && !isUtf8(line)) {
      throw new ProtocolError("TEXT_UTF8", `a line of ${end} bytes is not UTF-8`);
    }
    return text;
  },

  encode(message) {
    if (!isOneLine(message) || !message.isWellFormed()) throw notALine("well-formed text");
    return `${message}\n`;
  },
};

export const latin1: LineEncoding<string> = {
  alike: "@sock/protocol-text latin1",

  decode(line, end) {
    return asBuffer(line).toString("latin1", 0, end);
  },

  encode(message) {
    if (!isOneLine(message) || BEYOND_LATIN1.test(message)) throw notALine("characters up to U+00FF");
    return Buffer.from(`${message}\n`, "latin1");
  },
};

export const bytes: LineEncoding<Uint8Array> = {
  alike: "@sock/protocol-text bytes",

  decode(line, end) {
    return line.subarray(0, end);
  },

  encode(message) {
    if (!isOneLineOfBytes(message)) throw notALine("bytes");
    return [message, "\n"];
  },
};

const LF = 0x0a;
const CR = 0x0d;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

function isOneLine(message: string): boolean {
  return !message.includes("\n") && !message.endsWith("\r");
}

function isOneLineOfBytes(message: unknown): boolean {
  return message instanceof Uint8Array && !message.includes(LF) && message.at(-1) !== CR;
}

function notALine(ofWhat: string): TypeError {
  return new TypeError(`a text message is one line of ${ofWhat}, without its end or a \\r before that`);
}
