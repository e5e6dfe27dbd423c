import { expect, test } from "vitest";
import { CLOSING, type ClosingEvent, type ClosingState } from "../src/state.ts";

const states = Object.keys(CLOSING) as ClosingState[];
const events: ClosingEvent[] = ["weClose", "peerCloses", "peerEnds"];

test("closed is the end, and every way leads to it", () => {
  expect(CLOSING.closed).toEqual({});
  for (const state of states) {
    expect(CLOSING[state].peerEnds ?? state).toBe("closed");
    expect(CLOSING[state].peerCloses ?? state).toBe("closed");
  }
});

test("nothing leads back to open", () => {
  for (const state of states) for (const event of events) expect(CLOSING[state][event]).not.toBe("open");
});
