import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asBuffer, type Bytes, byteLength, isStream, toBuffer } from "../src/bytes.ts";

test("text is UTF-8", () => {
  expect(toBuffer("é€😀")).toEqual(Buffer.from("c3a9e282acf09f9880", "hex"));
  expect(byteLength("é€😀")).toBe(9);
});

test("half a surrogate pair becomes the replacement character, and counts as that", () => {
  expect(toBuffer("\ud83d")).toEqual(Buffer.from("efbfbd", "hex"));
  expect(byteLength("\ud83d")).toBe(3);
});

test("pieces are written back to back", () => {
  const bytes = ["a", Buffer.from("bc"), new Uint8Array([0x64]), "", "é"];
  expect(toBuffer(bytes)).toEqual(Buffer.from("abcdé"));
  expect(byteLength(bytes)).toBe(6);
  expect(toBuffer([])).toEqual(Buffer.alloc(0));
  expect(byteLength([])).toBe(0);
});

test("a lone array of bytes is not copied", () => {
  const buffer = Buffer.from("abc");
  expect(toBuffer(buffer)).toBe(buffer);
  const array = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  expect(toBuffer(array)).toEqual(Buffer.of(2, 3));
  expect(toBuffer(array).buffer).toBe(array.buffer);
});

test("asBuffer is the same memory", () => {
  const array = new Uint8Array([1, 2, 3]);
  asBuffer(array)[1] = 9;
  expect([...array]).toEqual([1, 9, 3]);
  expect(asBuffer(Buffer.of(1))).toBeInstanceOf(Buffer);
});

test("byteLength tells the length of toBuffer", () => {
  // Halves of surrogate pairs among them.
  const text = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
  const piece = fc.oneof(text, fc.uint8Array());
  const bytes: fc.Arbitrary<Bytes> = fc.oneof(piece, fc.array(piece));
  fc.assert(
    fc.property(bytes, (bytes) => {
      expect(byteLength(bytes)).toBe(toBuffer(bytes).length);
    }),
  );
});

describe("a stream", () => {
  test("is what can be iterated over asynchronously", () => {
    async function* stream() {
      yield "a";
    }
    expect(isStream(stream())).toBe(true);
    expect(isStream(new ReadableStream<string>())).toBe(true);
  });

  test("is no text, no array of bytes and no list of them", () => {
    for (const bytes of ["", "a", Buffer.of(1), new Uint8Array(1), [], ["a"]]) {
      expect(isStream(bytes)).toBe(false);
    }
  });
});
