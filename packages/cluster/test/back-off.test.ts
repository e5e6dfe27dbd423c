import fc from "fast-check";
import { expect, test } from "vitest";
import { backOff, shortLives } from "../src/process/back-off.ts";

test("half a second, doubled each time, and 30 s at most", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((failures) => backOff(failures, 0.5))).toEqual([
    0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test("a quarter more or less", () => {
  expect([backOff(1, 0), backOff(1, 1)]).toEqual([375, 625]);
});

test("who has lived for two seconds has not died at once, and is forgiven one that has", () => {
  expect(shortLives(0, 1_999)).toBe(1);
  expect(shortLives(0, 2_000)).toBe(0);
  expect(shortLives(3, 2_000)).toBe(3);
  expect(shortLives(3, 4_000)).toBe(2);
  fc.assert(
    fc.property(fc.nat(100), fc.nat(1e6), (before, life) => {
      const after = shortLives(before, life);
      expect(after).toBeGreaterThanOrEqual(0);
      expect(after).toBeLessThanOrEqual(before + 1);
    }),
  );
});
