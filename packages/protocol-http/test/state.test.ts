import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CYCLE, Cycle, type Event, type Role, type State } from "../src/state.ts";

const roles: readonly Role[] = ["client", "server"];
const states = Object.keys(CYCLE.server) as State[];
const leadsTo = (role: Role, state: State) => Object.values(CYCLE[role][state]) as State[];

describe.each(roles)("the cycle of a %s", (role) => {
  test("has a row for each state, and leads nowhere else", () => {
    expect(Object.keys(CYCLE[role])).toEqual(states);
    for (const state of states) for (const next of leadsTo(role, state)) expect(states).toContain(next);
  });

  test("ends when it has switched or closed", () => {
    expect([CYCLE[role].switched, CYCLE[role].closed]).toEqual([{}, {}]);
  });

  test("begins again only when all was said", () => {
    for (const state of states) {
      const leadsBack = leadsTo(role, state).includes("idle");
      expect([state, leadsBack]).toEqual([state, state === "done"]);
    }
  });

  test("reaches every state that it has moves from", () => {
    const reached = new Set<State>(["idle"]);
    for (const state of reached) for (const next of leadsTo(role, state)) reached.add(next);
    for (const state of states) if (leadsTo(role, state).length > 0) expect(reached).toContain(state);
  });
});

test("a client is never asked, and a server says nothing before it is", () => {
  expect(Object.values(CYCLE.client).some((row) => "asked" in row)).toBe(false);
  expect(Object.keys(CYCLE.server.idle)).toEqual(["asked"]);
});

test("nothing final is said twice: a head comes out of one state alone", () => {
  for (const role of roles) expect(states.filter((state) => "head" in CYCLE[role][state]).length).toBe(1);
});

describe("both sides", () => {
  const moves = {
    requestBegun: (cycle: Cycle) => cycle.requestBegun(),
    requestEnded: (cycle: Cycle) => cycle.requestEnded(),
    answerBegun: (cycle: Cycle) => cycle.answerBegun(),
    answerEnded: (cycle: Cycle) => cycle.answerEnded(),
    turn: (cycle: Cycle) => void cycle.turn(),
    switch: (cycle: Cycle) => cycle.switch(),
  };
  const events: Record<keyof typeof moves, [Role, Event][]> = {
    requestBegun: [
      ["client", "head"],
      ["server", "asked"],
    ],
    requestEnded: [["client", "end"]],
    answerBegun: [["server", "head"]],
    answerEnded: [["server", "end"]],
    turn: [],
    switch: [
      ["client", "switch"],
      ["server", "switch"],
    ],
  };

  test("an answer may begin before its request has ended, and the next request only behind both", () => {
    const cycle = new Cycle();
    cycle.requestBegun();
    cycle.answerBegun();
    cycle.answerEnded();
    expect([cycle.turn(), cycle.client, cycle.server]).toEqual([false, "sending", "done"]);
    cycle.requestEnded();
    expect([cycle.turn(), cycle.client, cycle.server]).toEqual([true, "idle", "idle"]);
  });

  test("behind the last answer nothing begins", () => {
    const cycle = new Cycle();
    cycle.requestBegun();
    cycle.requestEnded();
    cycle.isLast = true;
    cycle.answerBegun();
    cycle.answerEnded();
    expect([cycle.turn(), cycle.client, cycle.server]).toEqual([false, "closed", "closed"]);
    expect(() => cycle.requestBegun()).toThrow("a client cannot head when it is closed");
  });

  test("property: a walk goes by the table, step by step, and never where both sides cannot be", () => {
    const step = fc.constantFrom(...(Object.keys(moves) as (keyof typeof moves)[]));
    fc.assert(
      fc.property(fc.array(fc.record({ step, isLast: fc.boolean() }), { maxLength: 40 }), (walk) => {
        const cycle = new Cycle();
        for (const { step, isLast } of walk) {
          cycle.isLast ||= isLast;
          const before = { client: cycle.client, server: cycle.server };
          const isAllowed = events[step].every(
            ([role, event]) => CYCLE[role][before[role]][event] !== undefined,
          );
          let hasThrown = false;
          try {
            moves[step](cycle);
          } catch {
            hasThrown = true;
          }
          expect(hasThrown).toBe(!isAllowed);
          // Whoever has thrown is a bug, and its connection is destroyed.
          if (hasThrown) return;
          for (const [role, event] of events[step])
            expect(cycle[role]).toBe(CYCLE[role][before[role]][event]);
          check(cycle);
        }
      }),
      { numRuns: 2000 },
    );
  });

  function check({ client, server }: Cycle): void {
    // No answer without a request; one side does not begin again, close or switch without the other.
    const isQuiet = (state: State) => state === "idle" || state === "closed" || state === "switched";
    if (isQuiet(client) || isQuiet(server)) expect(client).toBe(server);
    expect(client).not.toBe("answering");
  }
});
