import fc from "fast-check";
import { expect, test } from "vitest";
import { cutText, printable, textWidth } from "../../src/status/text-width.ts";

test("wide characters and emoji take two columns, what is combined takes one place", () => {
  expect(["abc", "名前", "é", "e\u0301", "👍", "👩‍👩‍👧", "ｗ"].map(textWidth)).toEqual([3, 4, 1, 1, 2, 2, 2]);
});

test("what is cut ends in two dots", () => {
  expect(cutText("a-worker-name-", 14)).toBe("a-worker-name-");
  expect(cutText("a-worker-name-x", 14)).toBe("a-worker-nam..");
  expect(cutText("名前名前", 7)).toBe("名前..");
});

test("what would do something to a terminal is a question mark", () => {
  expect(printable("\x1b[2J\u202eabc\r\n\x9b1m\ud800")).toBe("?[2J?abc???1m\ufffd");
});

test("what would join the text beside it is a question mark", () => {
  expect(["\u0301a", "\u200da", "a\u{111c2}", "\u0301"].map(printable)).toEqual(["?a", "?a", "a?", "?"]);
});

test("no text that was cut is wider than was asked for", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (text, most) => {
      expect(textWidth(cutText(printable(text), most))).toBeLessThanOrEqual(most);
    }),
  );
});
