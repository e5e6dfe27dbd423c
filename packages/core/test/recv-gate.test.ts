import fc from "fast-check";
import { expect, test } from "vitest";
import { PAUSED_BY, type PauseReason, RecvGate } from "../src/connection/recv-gate.ts";

const reasons = Object.keys(PAUSED_BY) as PauseReason[];

test("it closes with the first reason and opens with the last", () => {
  const byUser = RecvGate.OPEN.closed("user");
  const byBoth = byUser.closed("pipe");
  expect(RecvGate.OPEN.isOpen).toBe(true);
  expect(byUser.isOpen).toBe(false);
  expect(byBoth.opened("user").isOpen).toBe(false);
  expect(byBoth.opened("user").opened("pipe").isOpen).toBe(true);
});

test("a reason given twice counts once, and one taken back that was not given changes nothing", () => {
  const byUser = RecvGate.OPEN.closed("user");
  expect(byUser.closed("user")).toBe(byUser);
  expect(byUser.opened("full")).toBe(byUser);
  expect(byUser.opened("user")).toBe(RecvGate.OPEN);
  expect(RecvGate.OPEN.opened("user")).toBe(RecvGate.OPEN);
});

test("it is open when no owner keeps it closed: owners cannot cancel each other", () => {
  const anyStep = fc.tuple(fc.boolean(), fc.constantFrom(...reasons));
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      let gate = RecvGate.OPEN;
      const given = new Set<PauseReason>();
      for (const [closes, reason] of steps) {
        if (closes) given.add(reason);
        else given.delete(reason);
        gate = closes ? gate.closed(reason) : gate.opened(reason);
        expect(gate.isOpen).toBe(given.size === 0);
      }
    }),
  );
});
