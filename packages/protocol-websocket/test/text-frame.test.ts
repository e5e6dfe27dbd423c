import fc from "fast-check";
import { expect, test } from "vitest";
import { SHORT_TEXT, shortTextFrame } from "../src/text-frame.ts";
import { readFrames } from "./frames.ts";

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  // Around the lengths at which a header grows, in characters of one to four bytes.
  fc
    .record({ length: fc.integer({ min: 35, max: 130 }), unit: fc.constantFrom("a", "é", "€", "😀") })
    .map(({ length, unit }) => unit.repeat(length)),
  fc.constantFrom("", "a".repeat(SHORT_TEXT), "€".repeat(SHORT_TEXT), "😀".repeat(SHORT_TEXT / 2)),
);

test("a frame holds its text, and those before it stay what they are", () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 30 }), (list) => {
      const frames = list.map((text) => shortTextFrame(text)!);
      const read = frames.map((frame) =>
        readFrames(frame).map(({ opcode, payload }) => [opcode, payload.toString()]),
      );
      expect(read).toEqual(list.map((text) => [[1, text]]));
    }),
    { numRuns: 300 },
  );
});

test("half a character is no text, whatever stands around it", () => {
  for (const text of ["\ud83d", "\ude00", "a\ud83d", "\ude00\ud83d", `é${"\ud83d"}é`])
    expect(shortTextFrame(text)).toBe(undefined);
  expect(readFrames(shortTextFrame("on")!)[0]!.payload.toString()).toBe("on");
});
