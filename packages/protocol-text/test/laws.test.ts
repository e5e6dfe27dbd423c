import { codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, test } from "vitest";
import { text } from "../src/index.ts";

describe("text", () => {
  const letter = fc.constantFrom("a", " ", "\0", "\r", "é", "\uFFFD", "😀");
  const message = fc.string({ unit: letter, maxLength: 12 }).filter((line) => !line.endsWith("\r"));
  for (const { name, run } of codecLaws({ codec: text(), message })) test(name, run);
});

describe("text of bytes, with a last line", () => {
  const letter = fc.constantFrom(0x00, 0x0d, 0x61, 0xff);
  const message = fc
    .array(letter, { maxLength: 12 })
    .map(Buffer.from)
    .filter((line) => line.at(-1) !== 0x0d);
  const codec = text({ encoding: "bytes", lastLine: "message" });
  for (const { name, run } of codecLaws({ codec, message })) test(name, run);
});
