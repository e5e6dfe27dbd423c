import fc from "fast-check";
import { expect, test } from "vitest";
import { PAUSED_BY, type PauseReason, RecvGate } from "../src/connection/recv-gate.ts";

const reasons = Object.keys(PAUSED_BY) as PauseReason[];

test("it closes with the first reason and opens with the last", () => {
  const gate = new RecvGate();
  expect(gate.isOpen).toBe(true);
  expect(gate.close("user")).toBe(true);
  expect(gate.close("pipe")).toBe(false);
  expect(gate.open("user")).toBe(false);
  expect(gate.isOpen).toBe(false);
  expect(gate.open("pipe")).toBe(true);
  expect(gate.isOpen).toBe(true);
});

test("a reason given twice counts once, and one taken back that was not given changes nothing", () => {
  const gate = new RecvGate();
  gate.close("user");
  expect(gate.close("user")).toBe(false);
  expect(gate.open("full")).toBe(false);
  expect(gate.open("user")).toBe(true);
  expect(gate.open("user")).toBe(false);
});

test("it is open when no owner keeps it closed: owners cannot cancel each other", () => {
  const anyStep = fc.tuple(fc.boolean(), fc.constantFrom(...reasons));
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      const gate = new RecvGate();
      const given = new Set<PauseReason>();
      for (const [closes, reason] of steps) {
        const wasOpen = given.size === 0;
        if (closes) given.add(reason);
        else given.delete(reason);
        const isOpen = given.size === 0;
        expect(gate[closes ? "close" : "open"](reason)).toBe(closes ? wasOpen : !wasOpen && isOpen);
        expect(gate.isOpen).toBe(isOpen);
      }
    }),
  );
});
