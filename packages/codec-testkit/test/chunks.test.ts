import { expect, test } from "vitest";
import { cut } from "../src/chunks.ts";

const bytes = Buffer.from("abcdefg");

test("sizes are taken again and again", () => {
  expect(cut(bytes, [1, 2]).map(String)).toEqual(["a", "bc", "d", "ef", "g"]);
  expect(cut(bytes, [0]).map(String)).toEqual([..."abcdefg"]);
  expect(cut(bytes).map(String)).toEqual(["abcdefg"]);
  expect(cut(Buffer.alloc(0))).toEqual([]);
  expect(cut(Buffer.alloc(0), [1])).toEqual([]);
});

test("a whole stream is all of its memory, and chunks stand amidst what is not theirs", () => {
  const [whole] = cut(bytes);
  expect(whole?.buffer.byteLength).toBe(bytes.length);
  const [chunk] = cut(bytes, [3]);
  expect(chunk?.byteOffset).toBeGreaterThan(0);
  expect(Buffer.from(chunk!.buffer)[chunk!.byteOffset + 3]).toBe(0xa5);
});
