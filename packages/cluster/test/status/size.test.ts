import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSize } from "../../src/status/size.ts";

test.each([
  [0, "0B"],
  [1, "1B"],
  [1_023, "1023B"],
  [1_024, "1.0KB"],
  [1_536, "1.5KB"],
  [1_048_524, "1023.9KB"],
  [1_048_525, "1.0MB"],
  [1_048_576, "1.0MB"],
  [5 * 1024 ** 3, "5.0GB"],
  [2 ** 53, "8.0PB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test("no size takes more than eight characters, or has 1024 of a unit that has a next", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(formatSize(bytes)).toMatch(/^(\d{1,4}B|\d{1,4}\.\d[KMGTP]B)$/);
      expect(formatSize(bytes)).not.toMatch(/^1024/);
    }),
  );
});
