import {
  type Bytes,
  type Codec,
  type CodecFactory,
  type CodecLink,
  ProtocolError,
  toBuffer,
} from "@sock/codec";

const LF = 10;

type Extra<Note> = (link: CodecLink<Note>) => Partial<Codec<string>>;

/** Lines of text, as plain as a codec can be. `extra` adds to it, or takes its place. */
export function lines(extra: Extra<never> = () => ({})): CodecFactory<string> {
  return notedLines(extra);
}

/** Lines, whose `extra` may also give notes. */
export function notedLines<Note>(extra: Extra<Note>): CodecFactory<string, string, Note> {
  return (link) => ({
    input: (buffer) => buffer.indexOf(LF) + 1,
    decode: lineOf,
    encode(message) {
      if (message.includes("\n")) throw new TypeError("a message is one line");
      return `${message}\n`;
    },
    ...extra(link),
  });
}

/** A length in four bytes, and so many bytes. */
export function sized(): CodecFactory<Buffer, Uint8Array> {
  return () => ({
    input: (buffer) => (buffer.length < 4 ? 0 : 4 + toBuffer(buffer).readUint32BE()),
    decode: (frame) => toBuffer(frame).subarray(4),
    encode: (message) => [header(message.length), message],
  });
}

export function header(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUint32BE(length);
  return bytes;
}

/** A length in four bytes, and so many bytes of text. */
export function boxed(): CodecFactory<string> {
  return () => ({
    input: (buffer) => (buffer.length < 4 ? 0 : 4 + toBuffer(buffer).readUint32BE()),
    decode: (frame) => toBuffer(frame).toString("utf8", 4),
    encode: (message) => [header(Buffer.byteLength(message)), message],
  });
}

/** Says `hello` first and wants to hear it, as a handshake does; then it is lines. */
export function greeting(next: CodecFactory<string> = lines()): CodecFactory<string> {
  return (link) => {
    link.reply("hello\n");
    return {
      opening: true,
      input: (buffer) => buffer.indexOf(LF) + 1,
      decode(frame) {
        if (lineOf(frame) !== "hello") throw new ProtocolError("RUDE", "no hello", { farewell: "rude\n" });
        link.upgrade(next);
        return undefined;
      },
      encode() {
        throw new Error("an opening codec is never asked to encode");
      },
    };
  };
}

/** Lines with a goodbye: `bye` and why. The end comes when both sides have said it. */
export function parting(): CodecFactory<string> {
  return lines((link) => {
    let saidBye = false;
    return {
      decode(frame) {
        const line = lineOf(frame);
        if (!line.startsWith("bye")) return line;
        if (!saidBye) link.reply("bye\n");
        link.end();
        return undefined;
      },
      farewell({ why }) {
        saidBye = true;
        link.reply(`bye ${why}\n`);
      },
    };
  });
}

/** Lines to receive; to send, lines or streams of pieces. */
export function streamed(): CodecFactory<string, string | AsyncIterable<Bytes>> {
  return () => ({
    input: (buffer) => buffer.indexOf(LF) + 1,
    decode: lineOf,
    encode: (message) => (typeof message === "string" ? `${message}\n` : message),
  });
}

export function lineOf(frame: Uint8Array): string {
  return toBuffer(frame).toString("utf8", 0, frame.length - 1);
}
