import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { textOf, wholeCharacters } from "../src/utf8.ts";

/** Bytes that are UTF-8, or nearly. */
const bytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.array(
      fc.constantFrom(
        0x61,
        0x80,
        0xbf,
        0xc1,
        0xc2,
        0xe0,
        0xa0,
        0xed,
        0x9f,
        0xef,
        0xf0,
        0x90,
        0xf4,
        0x8f,
        0xf5,
      ),
      { maxLength: 6 },
    ),
    fc.string({ unit: "binary", maxLength: 4 }).map((text) => Buffer.from(text)),
  )
  .map((some) => Buffer.from(some));

/** Whether some bytes make it whole: tried, not reasoned. */
function canBecomeText(start: Buffer): boolean {
  const endings = [
    "",
    "80",
    "90",
    "a0",
    "bf",
    "8080",
    "9080",
    "a080",
    "808080",
    "908080",
    "bfbf",
    "8f8080",
    "9fbf",
  ];
  return endings.some((ending) => isUtf8(Buffer.concat([start, Buffer.from(ending, "hex")])));
}

test("the whole characters at the start, or -1 when no bytes can make it text", () => {
  fc.assert(
    fc.property(bytes, (start) => {
      const whole = wholeCharacters(start);
      expect(whole !== -1).toBe(canBecomeText(start));
      if (whole === -1) return;
      expect(isUtf8(start.subarray(0, whole))).toBe(true);
      expect(start.length - whole).toBeLessThan(4);
    }),
    { numRuns: 20_000 },
  );
});

test("text, or undefined when it is none", () => {
  fc.assert(
    fc.property(bytes, fc.nat(3), (some, from) => {
      const rest = some.subarray(from);
      expect(textOf(some, from)).toBe(isUtf8(rest) ? rest.toString() : undefined);
    }),
    { numRuns: 20_000 },
  );
});

test("a replacement character that was sent is one", () => {
  expect(textOf(Buffer.from("a\ufffdb"))).toBe("a\ufffdb");
  expect(textOf(Buffer.from([0xef, 0xbf, 0xbd, 0xff]))).toBe(undefined);
});
