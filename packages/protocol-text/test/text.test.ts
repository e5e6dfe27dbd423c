import { type CodecFactory, type CodecLink, toBuffer } from "@sock/codec";
import { describe, expect, test, vi } from "vitest";
import { text } from "../src/index.ts";
import { read } from "./read.ts";

const latin1 = text({ encoding: "latin1" });
const bytes = text({ encoding: "bytes" });

describe("reading", () => {
  const cases: [what: string, stream: string, messages: string[]][] = [
    ["a line feed ends a message", "hello\nworld\n", ["hello", "world"]],
    ["a carriage return before the line feed is dropped", "hi\r\n", ["hi"]],
    ["one is dropped, not two", "hi\r\r\n", ["hi\r"]],
    ["a carriage return elsewhere stays", "\rh\ri\n", ["\rh\ri"]],
    ["an empty line is an empty message", "\n\r\n\n", ["", "", ""]],
    ["spaces and tabs stay", " \tb \n", [" \tb "]],
    ["the ancestor's stream", "a\r\r\n \tb \nc\n\n", ["a\r", " \tb ", "c", ""]],
    ["a byte order mark is a character", "\uFEFFa\n", ["\uFEFFa"]],
    ["a replacement character that was sent is one", "what\uFFFD\n", ["what\uFFFD"]],
    ["characters of all lengths", "Aé€😀\0\u2028\n", ["Aé€😀\0\u2028"]],
    ["no bytes, no message", "", []],
  ];
  test.each(cases)("%s", (_, stream, messages) => {
    expect(read(text(), stream)).toEqual({ messages, error: undefined });
    expect(read(text({ lastLine: "message" }), stream)).toEqual({ messages, error: undefined });
  });

  test("a last line without its end is an error", () => {
    expect(read(text(), "a\nb")).toEqual({ messages: ["a"], error: "UNEXPECTED_END" });
    expect(read(text(), "\r")).toEqual({ messages: [], error: "UNEXPECTED_END" });
  });

  test("a last line without its end is a message, when asked for", () => {
    const lenient = text({ lastLine: "message" });
    expect(read(lenient, "a\nb")).toEqual({ messages: ["a", "b"], error: undefined });
    expect(read(lenient, "a\nb\r")).toEqual({ messages: ["a", "b"], error: undefined });
    expect(read(lenient, Buffer.from("a\nb\xff", "latin1"))).toEqual({ messages: ["a"], error: "TEXT_UTF8" });
  });

  test("our side ends with the peer's, whatever the last line is", () => {
    const { codec, link } = alone(text({ lastLine: "message" }));
    expect(codec.finish?.(Buffer.from("bye"))).toBe("bye");
    expect(link.end).toHaveBeenCalledOnce();
    expect(alone(text()).codec.finish).toBeUndefined();
  });
});

describe("bytes that are not UTF-8 are refused", () => {
  test.each([
    ["a lone continuation byte", [0x80]],
    ["a byte that never occurs", [0xff]],
    ["a character cut short", [0xe2, 0x82]],
    ["a character cut short by the carriage return", [0xe2, 0x82, 0x0d]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point past the last", [0xf4, 0x90, 0x80, 0x80]],
    ["a good replacement character beside a bad byte", [0xef, 0xbf, 0xbd, 0x80]],
  ])("%s", (_, line) => {
    expect(read(text(), Buffer.from([...line, 0x0a, 0x61, 0x0a]))).toEqual({
      messages: [],
      error: "TEXT_UTF8",
    });
  });
});

describe("writing", () => {
  test("a message leaves with its line feed", () => {
    expect(written(text(), "hello")).toEqual(Buffer.from("hello\n"));
    expect(written(text(), "")).toEqual(Buffer.from("\n"));
    expect(written(latin1, "é\xff")).toEqual(Buffer.of(0xe9, 0xff, 0x0a));
    expect(written(bytes, Buffer.of(0, 255))).toEqual(Buffer.of(0, 255, 0x0a));
  });

  const refused: [what: string, factory: CodecFactory<unknown, never>, message: unknown][] = [
    ["a line feed inside", text(), "a\nb"],
    ["a carriage return at the end", text(), "a\r"],
    ["half of a character", text(), "a\ud83d"],
    ["the other half", text(), "\ude00a"],
    ["bytes for text", text(), Buffer.from("a")],
    ["a number", text(), 42],
    ["nothing", text(), undefined],
    ["a line feed inside latin1", latin1, "a\nb"],
    ["a carriage return at the end of latin1", latin1, "é\r"],
    ["a character beyond latin1", latin1, "\u0100"],
    ["half of a character as latin1", latin1, "\ud83d"],
    ["bytes for latin1", latin1, Buffer.from("a")],
    ["a line feed inside bytes", bytes, Buffer.from("a\nb")],
    ["a carriage return at the end of bytes", bytes, Uint8Array.of(0x61, 0x0d)],
    ["text for bytes", bytes, "a\nb"],
    ["wider numbers for bytes", bytes, Uint16Array.of(1)],
    ["memory for bytes", bytes, new ArrayBuffer(1)],
  ];
  test.each(refused)("%s is the caller's error", (_, factory, message) => {
    expect(() => written(factory, message as never)).toThrow(TypeError);
  });

  test("every other message comes back", () => {
    for (const message of ["", "\r\r ", "a\rb", "\uFEFF", "\uFFFD", "😀\0"]) {
      expect(read(text(), written(text(), message)).messages).toEqual([message]);
    }
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
      .join("")
      .replace("\n", "");
    expect(read(latin1, written(latin1, all)).messages).toEqual([all]);
    const allBytes = Buffer.from(all, "latin1");
    expect(read(bytes, written(bytes, allBytes)).messages).toEqual([allBytes]);
  });
});

describe("the limit", () => {
  // Of bytes on the wire, the line's end among them.
  const limit = { maxPackageSize: 8 };

  test.each(["utf8", "latin1"] as const)("counts the line and its end: %s", (encoding) => {
    const codec = text({ encoding });
    expect(read(codec, "123456\n", limit)).toEqual({ messages: ["123456"], error: undefined });
    expect(read(codec, "1234567\n", limit)).toEqual({ messages: ["1234567"], error: undefined });
    expect(read(codec, "12345678\n", limit)).toEqual({ messages: [], error: "FRAME_TOO_LARGE" });
    expect(read(codec, "123456\r\n", limit)).toEqual({ messages: ["123456"], error: undefined });
    expect(read(codec, "1234567\r\n", limit)).toEqual({ messages: [], error: "FRAME_TOO_LARGE" });
  });

  test("does not count what else has arrived", () => {
    const lines = "1234567\n".repeat(1000);
    expect(read(text(), lines, limit).messages).toHaveLength(1000);
  });

  test("is noticed before the line ends", () => {
    expect(read(text(), "1234567", limit).error).toBe("UNEXPECTED_END");
    expect(read(text(), "12345678", limit).error).toBe("FRAME_TOO_LARGE");
  });
});

test("a frame is a line with its end", () => {
  const { codec } = alone(text());
  expect(codec.input(Buffer.from("jhdxr"))).toBe(0);
  expect(codec.input(Buffer.from("jhdxr\n"))).toBe(6);
  expect(codec.input(Buffer.from("\nrest"))).toBe(1);
});

test("a slow line is searched once", () => {
  const search = vi.spyOn(Buffer.prototype, "indexOf");
  const { codec } = alone(text());
  const line = Buffer.from("slow\n");
  for (let arrived = 1; arrived <= line.length; arrived++) codec.input(line.subarray(0, arrived));
  expect(search.mock.calls).toEqual([0, 1, 2, 3, 4].map((from) => [0x0a, from]));
  search.mockRestore();
});

test("the search for the next line starts at its start", () => {
  const { codec } = alone(text());
  expect(codec.input(Buffer.from("long and not ended"))).toBe(0);
  expect(codec.input(Buffer.from("long and not ended yet\n\n"))).toBe(23);
  expect(codec.input(Buffer.from("\n"))).toBe(1);
});

test("a message of bytes is a view of its line", () => {
  const line = Buffer.from("view\r\n");
  const message = alone(bytes).codec.decode(line);
  expect(message?.buffer).toBe(line.buffer);
  expect(message).toHaveLength(4);
});

test("what is not a Buffer is read as well", () => {
  const line = new TextEncoder().encode("é\r\n");
  const { codec } = alone(text());
  expect(codec.input(line)).toBe(4);
  expect(codec.decode(line)).toBe("é");
});

test("equal encodings are alike, others are not", () => {
  expect(alone(text()).codec.alike).toBe(alone(text({ encoding: "utf8", lastLine: "message" })).codec.alike);
  expect(
    new Set(
      [text(), latin1, bytes].map((factory) => alone(factory as CodecFactory<unknown, never>).codec.alike),
    ),
  ).toHaveLength(3);
});

test("an encoding that it does not know is the caller's error", () => {
  expect(() => text({ encoding: "utf16" as "utf8" })).toThrow(TypeError);
});

function alone<In, Out>(factory: CodecFactory<In, Out>) {
  const link = { maxPackageSize: 1e6, end: vi.fn() };
  return { codec: factory(link as unknown as CodecLink), link };
}

function written<Out>(factory: CodecFactory<unknown, Out>, message: Out): Buffer {
  return toBuffer(alone(factory).codec.encode(message) as Uint8Array);
}
