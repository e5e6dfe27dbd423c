import { expect, test } from "vitest";
import { Cadence } from "../src/cadence.ts";

test("the times are the multiples of the interval from the start", () => {
  const cadence = new Cadence(100, 30);
  expect(cadence.next(100)).toBe(130);
  expect(cadence.next(130)).toBe(160);
  expect(cadence.next(163)).toBe(190);
  expect(cadence.count).toBe(3);
});

test("times that have passed are left out", () => {
  const cadence = new Cadence(0, 10);
  expect(cadence.next(0)).toBe(10);
  expect(cadence.next(39.9)).toBe(40);
  expect(cadence.next(40)).toBe(50);
  expect(cadence.count).toBe(5);
});

test("a clock that is early does not get the same time twice", () => {
  const cadence = new Cadence(0, 10);
  expect(cadence.next(0)).toBe(10);
  expect(cadence.next(9.99)).toBe(20);
});

test("rounding does not make a time come twice or drift", () => {
  const cadence = new Cadence(0, 0.1);
  let now = 0;
  for (let n = 1; n <= 10_000; n++) {
    now = cadence.next(now);
    expect(cadence.count).toBe(n);
  }
  expect(now).toBe(1000);
});
