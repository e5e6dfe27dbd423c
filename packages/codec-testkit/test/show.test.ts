import { expect, test } from "vitest";
import { show, showBytes } from "../src/show.ts";

test("bytes are shown in hexadecimal and as text", () => {
  expect(showBytes(Buffer.from("hi\n"))).toBe('<68 69 0a> "hi·"');
  expect(showBytes(Buffer.alloc(0))).toBe("<no bytes>");
  expect(showBytes(Buffer.alloc(300))).toMatch(/^<(00 ){255}00 … 300 bytes> "·{256}"$/);
});

test("values are shown with the bytes in them, and their class", () => {
  expect(show({ a: [Uint8Array.of(1)], b: "x" })).toBe(`{ a: [ Uint8Array <01> "·" ], b: 'x' }`);
  expect(show(Object.assign(Object.create(null), { a: Buffer.of(65) }))).toBe(`{ a: Buffer <41> "A" }`);
});
