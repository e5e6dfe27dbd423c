import type { Bytes, Codec, CodecFactory, CodecLink } from "@sock/codec";
import { bytes, type LineEncoding, latin1, utf8 } from "./encodings.ts";

/** How lines are read and written. */
export interface TextOptions {
  /**
   * What a line's bytes are. `"utf8"`, the default, is strict: what is not UTF-8 is refused. `"latin1"` takes every
   * byte for the character of that number. `"bytes"` makes the message a `Uint8Array`.
   */
  encoding?: "utf8" | "latin1" | "bytes";
  /** What a last line without its line feed is. Default `"error"`: it may have been cut off. */
  lastLine?: "error" | "message";
}

/**
 * Makes codecs for lines: a line feed ends a message. One carriage return before it is dropped, and an empty line is
 * an empty message.
 *
 * @example
 * const server = await listen("tcp://127.0.0.1:2347", { codec: text(), onMessage: (connection, line) => … });
 */
export function text(options?: TextOptions & { encoding?: "utf8" | "latin1" }): CodecFactory<string>;
export function text(options: TextOptions & { encoding: "bytes" }): CodecFactory<Uint8Array>;
export function text(options: TextOptions = {}): CodecFactory<string> | CodecFactory<Uint8Array> {
  const { encoding = "utf8", lastLine = "error" } = options;
  if (encoding === "utf8") return lines(utf8, lastLine);
  if (encoding === "latin1") return lines(latin1, lastLine);
  if (encoding === "bytes") return lines(bytes, lastLine);
  throw new TypeError(`text knows no encoding ${encoding satisfies never}`);
}

function lines<Message>(
  encoding: LineEncoding<Message>,
  lastLine: "error" | "message",
): CodecFactory<Message> {
  if (lastLine === "error") return () => new TextCodec(encoding);
  return (link) => new LastLineCodec(encoding, link);
}

const LF = 0x0a;
const CR = 0x0d;

class TextCodec<Message> implements Codec<Message> {
  readonly alike: string;
  readonly #encoding: LineEncoding<Message>;
  // Bytes already searched without finding a line feed, so a slow line costs O(n), not O(n²).
  #searched = 0;

  constructor(encoding: LineEncoding<Message>) {
    this.alike = encoding.alike;
    this.#encoding = encoding;
  }

  get name(): string {
    return "text";
  }

  input(buffer: Uint8Array): number {
    const at = buffer.indexOf(LF, this.#searched);
    this.#searched = at === -1 ? buffer.length : 0;
    return at + 1;
  }

  decode(line: Uint8Array): Message {
    let end = line.length;
    if (line[end - 1] === LF) end -= 1;
    if (line[end - 1] === CR) end -= 1;
    return this.#encoding.decode(line, end);
  }

  encode(message: Message): Bytes {
    return this.#encoding.encode(message);
  }
}

/** Reads a last line as if its line feed were there. */
class LastLineCodec<Message> extends TextCodec<Message> {
  readonly #link: CodecLink;

  constructor(encoding: LineEncoding<Message>, link: CodecLink) {
    super(encoding);
    this.#link = link;
  }

  finish(rest: Uint8Array): Message | undefined {
    this.#link.end();
    return rest.length === 0 ? undefined : this.decode(rest);
  }
}
