import fc from "fast-check";
import { expect, test } from "vitest";
import { CLIENT_LIFE, type ClientEvent, type ClientState } from "../src/index.ts";

const states = Object.keys(CLIENT_LIFE) as ClientState[];
const events = [...new Set(Object.values(CLIENT_LIFE).flatMap((row) => Object.keys(row)))] as ClientEvent[];
const anyEvents = fc.array(fc.constantFrom(...events), { maxLength: 20 });

function live(state: ClientState, lived: readonly ClientEvent[]): ClientState {
  return lived.reduce<ClientState>((now, event) => CLIENT_LIFE[now][event] ?? now, state);
}

test("a client that is lost comes back", () => {
  expect(live("connecting", ["opened", "comeBack"])).toBe("waiting");
  expect(live("connecting", ["opened", "comeBack", "due"])).toBe("connecting");
  expect(live("connecting", ["comeBack", "due", "opened"])).toBe("connected");
});

test("an attempt begins from waiting alone, so never beside another or beside a connection", () => {
  const before = states.filter((state) => Object.values(CLIENT_LIFE[state]).includes("connecting"));
  expect(before).toEqual(["waiting"]);
});

test("a client that is to be over connects no more, and closed is forever", () => {
  fc.assert(
    fc.property(anyEvents, anyEvents, (before, after) => {
      expect(["closing", "closed"]).toContain(live("connecting", [...before, "close", ...after]));
      expect(live("closed", after)).toBe("closed");
    }),
  );
});

test("every state can be reached, and the end from each", () => {
  const reached = new Set<ClientState>(["connecting"]);
  for (const state of reached) for (const next of Object.values(CLIENT_LIFE[state])) reached.add(next);
  expect([...reached].sort()).toEqual(states.sort());
  for (const state of states) expect(live(state, ["close", "gone"])).toBe("closed");
});
