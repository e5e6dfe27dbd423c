import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { medianBounds, pairedRatios, spread } from "../method/statistics.ts";

describe("a spread", () => {
  test("is the median and the quartiles, in proportion between two values", () => {
    expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, q1: 2, q3: 4 });
    expect(spread([1, 2, 3, 4])).toEqual({ median: 2.5, q1: 1.75, q3: 3.25 });
    expect(spread([7])).toEqual({ median: 7, q1: 7, q3: 7 });
  });

  test("of nothing has no median", () => {
    expect(spread([]).median).toBeNaN();
  });
});

test("ratios pair rounds of the same number", () => {
  expect(pairedRatios([10, 30], [20, 10])).toEqual([0.5, 3]);
  expect(() => pairedRatios([1], [1, 2])).toThrow(RangeError);
});

describe("the bounds of a median", () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  // Of ten coins all show heads once in 1,024 throws, and nine or more 11 times.
  test("at 1 in 1,000 are the least and the greatest of 10 values", () => {
    expect(medianBounds(upTo(10), 0.001)).toEqual({ low: 1, high: 10 });
    expect(medianBounds(upTo(10), 0.011)).toEqual({ low: 2, high: 9 });
  });

  test("are infinite when there are too few values for the risk", () => {
    expect(medianBounds(upTo(9), 0.001)).toEqual({
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    });
    expect(medianBounds([], 0.1).high).toBe(Number.POSITIVE_INFINITY);
  });

  // The sum of the first seven of 2 ** -20 × (20 over k) is 0.0577, of the first six 0.0207.
  test("close in on it with more values", () => {
    expect(medianBounds(upTo(20), 0.03)).toEqual({ low: 6, high: 15 });
    expect(medianBounds(upTo(20), 0.06)).toEqual({ low: 7, high: 14 });
  });

  test("hold the median of the values, whatever those are", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 10 }), (values) => {
        const { low, high } = medianBounds(values, 0.001);
        const { median } = spread(values);
        expect(low).toBeLessThanOrEqual(median);
        expect(high).toBeGreaterThanOrEqual(median);
      }),
    );
  });
});
