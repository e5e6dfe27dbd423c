import fc from "fast-check";
import { expect, test } from "vitest";
import { LIFE, type LifeEvent, type LifeState } from "../src/index.ts";

const states = Object.keys(LIFE) as LifeState[];
const events: LifeEvent[] = ["opened", "close", "end", "gone"];
const anyEvents = fc.array(fc.constantFrom(...events), { maxLength: 20 });

function live(state: LifeState, lived: readonly LifeEvent[]): LifeState {
  return lived.reduce<LifeState>((now, event) => LIFE[now][event] ?? now, state);
}

test("a life that goes well", () => {
  expect(live("opening", ["opened"])).toBe("open");
  expect(live("opening", ["opened", "close"])).toBe("closing");
  expect(live("opening", ["opened", "close", "end"])).toBe("ending");
  expect(live("opening", ["opened", "close", "end", "gone"])).toBe("closed");
});

test("a connection can close before it was open", () => {
  expect(live("opening", ["close", "end", "gone"])).toBe("closed");
});

test("a connection that began to close never opens", () => {
  fc.assert(
    fc.property(anyEvents, anyEvents, (before, after) => {
      expect(["opening", "open"]).not.toContain(live("opening", [...before, "close", ...after]));
    }),
  );
});

test("whatever happens, a gone transport closes, and closed is forever", () => {
  for (const state of states) expect(live(state, ["gone"])).toBe("closed");
  fc.assert(fc.property(anyEvents, (lived) => live("closed", lived) === "closed"));
});

test("a life only goes forward", () => {
  for (const state of states) {
    for (const next of Object.values(LIFE[state])) {
      expect(states.indexOf(next)).toBeGreaterThan(states.indexOf(state));
    }
  }
});

test("every state can be reached", () => {
  const reached = new Set<LifeState>(["opening"]);
  for (const state of reached) for (const next of Object.values(LIFE[state])) reached.add(next);
  expect([...reached].sort()).toEqual(states.sort());
});
