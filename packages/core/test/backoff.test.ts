import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backoff } from "../src/client/backoff.ts";

/** The delays after 1, 2, 3 … failures, for a random number that is always `at`. */
function delays(count: number, at: number, options = {}): number[] {
  const backoff = new Backoff({ random: () => at, ...options });
  return Array.from({ length: count }, () => {
    backoff.failed();
    return backoff.delay();
  });
}

test("the bound doubles with each failure, from one second to half a minute", () => {
  expect(delays(7, 1)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("a delay is anywhere below its bound", () => {
  expect(delays(3, 0.5)).toEqual([500, 1000, 2000]);
  expect(delays(3, 0)).toEqual([0, 0, 0]);
});

test("no delay is below the least, and none above the most", () => {
  const options = { initialDelay: 10, minDelay: 50, maxDelay: 60, factor: 3 };
  expect(delays(4, 0, options)).toEqual([50, 50, 50, 50]);
  expect(delays(4, 1, options)).toEqual([50, 50, 60, 60]);
});

test("bounds grow no further after thousands of failures", () => {
  expect(delays(3000, 1).at(-1)).toBe(30_000);
});

test.each([
  [9999, 5],
  [10_000, 0],
])("a connection lost after %i ms makes it %i failures", (lasted, failures) => {
  const backoff = new Backoff({});
  for (let i = 0; i < 4; i++) backoff.failed();
  backoff.lost(lasted);
  expect(backoff.failures).toBe(failures);
});

test("it is spent after so many failures in a row", () => {
  const backoff = new Backoff({ maxAttempts: 2, healthyAfter: 100 });
  backoff.failed();
  expect(backoff.isSpent).toBe(false);
  backoff.lost(100);
  backoff.failed();
  expect(backoff.isSpent).toBe(false);
  backoff.lost(99);
  expect(backoff.isSpent).toBe(true);
});

test("whatever happens, a delay is within its bounds", () => {
  const anyOptions = fc.record({
    initialDelay: fc.nat(5000),
    maxDelay: fc.integer({ min: 100, max: 100_000 }),
    minDelay: fc.nat(100),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    healthyAfter: fc.nat(1000),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  const anyLosses = fc.array(fc.option(fc.nat(2000), { nil: undefined }));
  fc.assert(
    fc.property(anyOptions, anyLosses, ({ random, ...options }, losses) => {
      const backoff = new Backoff({ ...options, random: () => random });
      let failures = 0;
      for (const lasted of losses) {
        if (lasted === undefined) backoff.failed();
        else backoff.lost(lasted);
        failures = lasted !== undefined && lasted >= options.healthyAfter ? 0 : failures + 1;
        const grown = options.initialDelay * options.factor ** Math.max(0, failures - 1);
        expect(backoff.delay()).toBeGreaterThanOrEqual(options.minDelay);
        expect(backoff.delay()).toBeLessThanOrEqual(
          Math.max(options.minDelay, Math.min(options.maxDelay, grown)),
        );
      }
    }),
  );
});

describe("refuses options that are out of range", () => {
  test.each([
    { initialDelay: -1 },
    { initialDelay: Infinity },
    { maxDelay: Infinity },
    { maxDelay: NaN },
    { minDelay: -1 },
    { minDelay: 30_001 },
    { factor: 0.9 },
    { healthyAfter: -1 },
    { maxAttempts: 0 },
  ])("%o", (options) => {
    expect(() => new Backoff(options)).toThrow(RangeError);
  });
});
