import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SendGate } from "../src/connection/send-gate.ts";

describe("with a limit of 10", () => {
  test.each([
    [0, true],
    [9, true],
    [10, false],
    [11, false],
  ])("while %i bytes wait, another message is admitted: %s", (waiting, isAdmitted) => {
    expect(new SendGate(10).admits(waiting)).toBe(isAdmitted);
  });

  test.each([
    [9, false],
    [10, true],
    [11, true],
  ])("%i bytes fill it: %s", (waiting, isFull) => {
    const gate = new SendGate(10);
    expect(gate.grown(waiting)).toBe(isFull);
    expect(gate.isFull).toBe(isFull);
  });
});

test("it fills once, and stays full until nothing waits", () => {
  const gate = new SendGate(10);
  expect(gate.grown(10)).toBe(true);
  expect(gate.grown(20)).toBe(false);
  expect(gate.isFull).toBe(true);
  expect(gate.drained()).toBe(true);
  expect(gate.isFull).toBe(false);
  expect(gate.drained()).toBe(false);
  expect(gate.grown(10)).toBe(true);
});

test("with nothing waiting there is room, whatever the limit", () => {
  const gate = new SendGate(0);
  expect(gate.admits(0)).toBe(true);
  expect(gate.grown(0)).toBe(false);
  expect(gate.admits(1)).toBe(false);
});

test("a limit that was changed counts from the next message on", () => {
  const gate = new SendGate(10);
  gate.limit = 5;
  expect(gate.admits(5)).toBe(false);
  gate.limit = 100;
  expect(gate.admits(50)).toBe(true);
});

const anyLoad = fc.oneof(fc.constant("drained" as const), fc.nat(20));

test("full and drained alternate", () => {
  fc.assert(
    fc.property(fc.nat(15), fc.array(anyLoad), (limit, loads) => {
      const gate = new SendGate(limit);
      const edges: string[] = [];
      for (const load of loads) {
        if (load === "drained" ? gate.drained() : gate.grown(load)) edges.push(String(load === "drained"));
      }
      expect(edges).toEqual(edges.map((_, i) => String(i % 2 === 1)));
    }),
  );
});
