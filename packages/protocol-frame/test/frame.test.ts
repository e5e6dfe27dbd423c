import { type Bytes, type CodecFactory, type CodecLink, toBuffer } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { type FrameOptions, frame } from "../src/index.ts";
import { read } from "./read.ts";

const formats: FrameOptions[] = [1, 2, 4].flatMap((width) =>
  (["big", "little"] as const).flatMap((order) =>
    (["frame", "payload"] as const).map((counts) => ({ width, order, counts }) as FrameOptions),
  ),
);

describe("the ancestor's format", () => {
  const codec = alone(frame());

  test("a length of four bytes, itself included, then the message", () => {
    expect(written(frame(), "jhdxr")).toEqual(hex("00000009 6a68647872"));
    expect(read(frame(), hex("00000009 6a68647872"))).toEqual({
      messages: [Buffer.from("jhdxr")],
      error: undefined,
    });
  });

  test("the length is known before the message is there", () => {
    expect(codec.input(Buffer.from("foo"))).toBe(0);
    expect(codec.input(Buffer.from("\0\0\0*foobar"))).toBe(42);
  });

  test("an empty message is one", () => {
    expect(written(frame(), "")).toEqual(hex("00000004"));
    expect(read(frame(), hex("00000004 00000004")).messages).toEqual([Buffer.alloc(0), Buffer.alloc(0)]);
  });

  test("a stream that ends within a frame is an error", () => {
    expect(read(frame(), hex("00000009 6a68")).error).toBe("UNEXPECTED_END");
    expect(read(frame(), hex("0000")).error).toBe("UNEXPECTED_END");
  });
});

describe("other formats", () => {
  test.each([
    [{ counts: "payload" }, "00000002 6869"],
    [{ order: "little" }, "06000000 6869"],
    [{ order: "little", counts: "payload" }, "02000000 6869"],
    [{ width: 2 }, "0004 6869"],
    [{ width: 2, order: "little" }, "0400 6869"],
    [{ width: 2, counts: "payload" }, "0002 6869"],
    [{ width: 1 }, "03 6869"],
    [{ width: 1, order: "little", counts: "payload" }, "02 6869"],
  ] satisfies [FrameOptions, string][])("%j", (options, bytes) => {
    expect(written(frame(options), "hi")).toEqual(hex(bytes));
    expect(read(frame(options), hex(bytes + bytes)).messages).toEqual([Buffer.from("hi"), Buffer.from("hi")]);
  });
});

describe("a length that leaves no room for itself is refused", () => {
  const tooShort = formats
    .filter(({ counts }) => counts === "frame")
    .flatMap((options) => Array.from({ length: options.width! }, (_, length) => [length, options] as const));

  test.each(tooShort)("%i in %j", (length, options) => {
    const { width, order } = options;
    const bytes = Buffer.alloc(width!);
    bytes[order === "big" ? width! - 1 : 0] = length;
    expect(read(frame(options), bytes)).toEqual({ messages: [], error: "FRAME_LENGTH" });
  });

  test("a payload of no bytes has room", () => {
    expect(read(frame({ counts: "payload" }), hex("00000000")).messages).toEqual([Buffer.alloc(0)]);
  });
});

describe("a length over the limit is refused before a byte of the message is there", () => {
  const limit = { maxPackageSize: 100 };

  test.each([
    ["n - 1", 99, "UNEXPECTED_END"],
    ["n", 100, "UNEXPECTED_END"],
    ["n + 1", 101, "FRAME_TOO_LARGE"],
    ["2^31 - 1", 2 ** 31 - 1, "FRAME_TOO_LARGE"],
    ["2^31", 2 ** 31, "FRAME_TOO_LARGE"],
    ["2^32 - 1", 2 ** 32 - 1, "FRAME_TOO_LARGE"],
  ])("%s", (_, length, error) => {
    const big = Buffer.alloc(4);
    big.writeUInt32BE(length);
    expect(read(frame(), big, limit)).toEqual({ messages: [], error });
    const little = Buffer.alloc(4);
    little.writeUInt32LE(length - 4);
    expect(read(frame({ order: "little", counts: "payload" }), little, limit)).toEqual({
      messages: [],
      error,
    });
  });

  test("a frame may be as long as the limit", () => {
    const message = Buffer.alloc(96, "x");
    expect(read(frame(), written(frame(), message), limit)).toEqual({
      messages: [message],
      error: undefined,
    });
  });
});

describe("writing", () => {
  test.each(formats)("what is written is read: %j", (options) => {
    const messages = ["", "a", "é€😀", "x".repeat(200)].map((message) => Buffer.from(message));
    const stream = Buffer.concat(messages.map((message) => written(frame(options), message)));
    expect(read(frame(options), stream)).toEqual({ messages, error: undefined });
  });

  test.each(formats.filter(({ width }) => width !== 4))(
    "a message too long for %j is the caller's error",
    (options) => {
      const counted = options.counts === "frame" ? options.width! : 0;
      const longest = 2 ** (8 * options.width!) - 1 - counted;
      for (const length of [longest - 1, longest]) {
        const message = Buffer.alloc(length, "x");
        expect(read(frame(options), written(frame(options), message)).messages).toEqual([message]);
      }
      expect(() => written(frame(options), Buffer.alloc(longest + 1))).toThrow(RangeError);
      expect(() => written(frame(options), "x".repeat(longest + 1))).toThrow(RangeError);
    },
  );

  test("a string's length is that of its UTF-8, short or long", () => {
    for (const message of ["é€😀", "é".repeat(254), "é".repeat(255), "😀".repeat(10_000)]) {
      expect(read(frame(), written(frame(), message)).messages).toEqual([Buffer.from(message)]);
    }
  });

  test("a short message is copied into its frame, a long one is not", () => {
    expect(encoded(frame(), Buffer.alloc(508))).toHaveLength(512);
    const long = Buffer.alloc(509);
    expect((encoded(frame(), long) as readonly unknown[])[1]).toBe(long);
  });

  test.each([
    ["half of a character", "a\ud83d"],
    ["a number", 42],
    ["nothing", undefined],
    ["wider numbers", Uint16Array.of(1)],
    ["memory", new ArrayBuffer(1)],
    ["a view of anything", new DataView(new ArrayBuffer(1))],
    ["a list", ["a"]],
  ])("%s is the caller's error", (_, message) => {
    expect(() => written(frame(), message as never)).toThrow(TypeError);
  });

  test("shared memory is bytes as well", () => {
    const message = new Uint8Array(new SharedArrayBuffer(2)).fill(7);
    expect(written(frame(), message)).toEqual(hex("00000006 0707"));
  });
});

test("a message is a view of its frame", () => {
  const whole = hex("00000009 6a68647872");
  const message = alone(frame()).decode(whole);
  expect(message?.buffer).toBe(whole.buffer);
  expect(message?.byteOffset).toBe(whole.byteOffset + 4);
});

test("what is not a Buffer is read as well", () => {
  const codec = alone(frame());
  const bytes = Uint8Array.of(0, 0, 0, 5, 0x61);
  expect(codec.input(bytes)).toBe(5);
  expect(codec.decode(bytes)).toEqual(Uint8Array.of(0x61));
});

test("equal options are alike, others are not", () => {
  expect(alone(frame()).alike).toBe(alone(frame({ width: 4, order: "big", counts: "frame" })).alike);
  expect(new Set(formats.map((options) => alone(frame(options)).alike))).toHaveLength(formats.length);
});

test.each([{ width: 3 }, { width: 8 }, { order: "middle" }, { counts: "header" }])(
  "%j is the caller's error",
  (options) => {
    expect(() => frame(options as FrameOptions)).toThrow(TypeError);
  },
);

/** The codec alone: it asks nothing of its link. */
function alone<In, Out>(factory: CodecFactory<In, Out>) {
  return factory({} as CodecLink);
}

function encoded<Out>(factory: CodecFactory<unknown, Out>, message: Out): Bytes {
  return alone(factory).encode(message) as Bytes;
}

function written<Out>(factory: CodecFactory<unknown, Out>, message: Out): Buffer {
  return toBuffer(encoded(factory, message));
}

function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(" ", ""), "hex");
}
