import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClientOptions } from "../src/index.ts";
import { greeting, lines } from "./support/codecs.ts";
import { Network } from "./support/network.ts";
import { settled } from "./support/settled.ts";

type Options = ClientOptions<string, string, never, Record<string, unknown>>;

/** What the world and the user may do. What cannot be done for now is left out. */
type Step =
  | { do: "accept" | "refuse" | "cut" | "end" | "rude" | "stall" | "send" | "cancelReconnect" | "settle" }
  | { do: "advance" | "reconnect"; ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("accept" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("refuse", "cut", "end", "rude", "stall", "cancelReconnect", "settle"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("advance", "reconnect"),
      ms: fc.constantFrom(0, 1, 100, 3000, 20_000),
    }),
  },
);

const anyManner = fc.record({
  initialDelay: fc.constantFrom(0, 100, 5000),
  maxDelay: fc.constantFrom(100, 10_000),
  factor: fc.constantFrom(1, 2, 10),
  healthyAfter: fc.constantFrom(0, 100, 10_000),
  maxAttempts: fc.constantFrom(3, Infinity),
  maxSendBufferSize: fc.constantFrom(1, 20, 100_000),
  isGreeting: fc.boolean(),
  seed: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

type Manner = typeof anyManner extends fc.Arbitrary<infer T> ? T : never;

/** Lives through all steps and, if wanted, a close behind them. What is always so is looked at on the way. */
async function live({ isGreeting, seed, ...manner }: Manner, steps: readonly Step[], closes: boolean) {
  const network = new Network();
  const { clock } = network;
  const sent: { line: string; answer: string }[] = [];
  const told: string[] = [];
  /** What is wrong: a callback that throws is the client's to bear, and not the test's. */
  const wrong: string[] = [];
  const must = (what: string, isSo: boolean) => {
    if (!isSo) wrong.push(what);
  };
  // The count of failures, told anew.
  let openedAt: number | undefined;
  let failures = 0;
  let asked: number | undefined;
  let isBrokenOff = false;

  const options: Options = {
    ...manner,
    codec: isGreeting ? greeting() : lines(),
    random: () => seed,
    lingerTimeout: 100,
    closeTimeout: 1000,
    onError() {},
    onMessage() {},
    onConnect(connection) {
      must("connect comes first, or after close", told.at(-1) !== "connect");
      must("the connection is the client's", client.connection === connection);
      told.push("connect");
      openedAt = clock.now();
    },
    onClose() {
      must("close comes after connect", told.at(-1) === "connect");
      told.push("close");
    },
    onReconnecting(_, { attempt, delay }) {
      told.push(`${attempt} in ${delay}`);
      const isHealthy = openedAt !== undefined && clock.now() - openedAt >= manner.healthyAfter;
      failures = isHealthy || asked !== undefined ? 0 : failures + 1;
      openedAt = undefined;
      must(`attempt ${attempt} comes after ${failures} failures`, attempt === failures + 1);
      const bound = manner.initialDelay * manner.factor ** Math.max(0, failures - 1);
      if (asked !== undefined) must("the delay is the user's", delay === asked);
      else must(`${delay} is in bounds`, delay >= 0 && delay <= Math.min(manner.maxDelay, bound));
      asked = undefined;
      isBrokenOff = false;
    },
    onGiveUp() {
      told.push("give up");
    },
  };
  const client = network.client<string, string, never>(options);

  const take = async (step: Step): Promise<void> => {
    const peer = network.peers.at(-1);
    if (step.do === "accept" && network.isCalled) {
      const accepted = await network.accept();
      if (isGreeting) accepted.send("hello");
    } else if (step.do === "refuse" && network.isCalled) await network.refuse();
    else if (step.do === "cut") peer?.destroy();
    else if (step.do === "end") peer?.close();
    else if (step.do === "rude") peer?.send("go away");
    else if (step.do === "stall") peer?.pauseRecv();
    else if (step.do === "send") {
      const line = `${sent.length}`;
      sent.push({ line, answer: client.send(line) });
    } else if (step.do === "cancelReconnect") {
      isBrokenOff = client.state === "connecting";
      asked = undefined;
      client.cancelReconnect();
    } else if (step.do === "reconnect") {
      if (client.state === "connected" || (client.state === "connecting" && isBrokenOff)) asked = step.ms;
      else if (client.state !== "connecting") {
        failures = 0;
        openedAt = undefined;
      }
      client.reconnect(step.ms);
    } else if (step.do === "advance") await clock.advanceAsync(step.ms);
    else await settled();
    isBrokenOff &&= client.state === "connecting";
    must("one at a time", network.mostAlive <= 1);
    must(
      "a connection is there when it should be",
      (client.connection !== undefined) === (told.at(-1) === "connect"),
    );
  };

  for (const step of steps) await take(step);
  if (closes) {
    client.close();
    await clock.advanceAsync(60_000);
  }
  expect(wrong).toEqual([]);
  return { network, client, sent, told };
}

const anySteps = fc.array(anyStep, { maxLength: 60, size: "max" });

test("never two at once; connect and close alternate; delays keep their bounds", () =>
  fc.assert(
    fc.asyncProperty(anyManner, anySteps, async (manner, steps) => {
      await live(manner, steps, false);
    }),
    { numRuns: 250 },
  ));

test("messages come in order, none twice, none that was not accepted", () =>
  fc.assert(
    fc.asyncProperty(anyManner, anySteps, async (manner, steps) => {
      const { network, sent } = await live(manner, steps, false);
      const accepted = sent.filter(({ answer }) => answer === "sent" || answer === "buffered");
      const received = network.received.filter((line) => line !== "hello").map(Number);
      expect(received).toEqual([...new Set(received)].sort((a, b) => a - b));
      expect(accepted.map(({ line }) => Number(line))).toEqual(expect.arrayContaining(received));
    }),
    { numRuns: 250 },
  ));

test("what waits for a connection, the next one gets, all of it", () =>
  fc.assert(
    fc.asyncProperty(anyManner, anySteps, fc.integer({ min: 1, max: 5 }), async (manner, steps, count) => {
      const { network, client } = await live({ ...manner, maxSendBufferSize: 100_000 }, steps, false);
      // Until it is nowhere and wants to be somewhere.
      client.cancelReconnect();
      network.peers.at(-1)?.resumeRecv();
      network.peers.at(-1)?.destroy();
      await network.clock.advanceAsync(2000);
      if (client.state === "closed") return;
      expect(client.state).toBe("idle");
      const before = network.received.length;
      const waiting = client.sendBufferSize;
      for (let i = 0; i < count; i++) expect(client.send(`after ${i}`)).toBe("buffered");
      client.reconnect();
      await network.clock.advanceAsync(0);
      const peer = await network.accept();
      if (manner.isGreeting) peer.send("hello");
      await settled();
      const lines = network.received.slice(before).filter((line) => line !== "hello");
      expect(lines.slice(-count)).toEqual(Array.from({ length: count }, (_, i) => `after ${i}`));
      expect(lines.slice(0, -count).join("").length).toBe(waiting);
      expect(client.sendBufferSize).toBe(0);
    }),
    { numRuns: 250 },
  ));

test("after a close all goes, and nothing comes", () =>
  fc.assert(
    fc.asyncProperty(anyManner, anySteps, async (manner, steps) => {
      const { network, client, told } = await live(manner, steps, true);
      expect(client.state).toBe("closed");
      expect(network.alive).toBe(0);
      const { calls } = network;
      const toldBefore = [...told];
      for (const peer of network.peers) peer.destroy();
      client.reconnect();
      expect(client.send("late")).toBe("closed");
      await network.clock.advanceAsync(100_000);
      expect(network.calls).toBe(calls);
      expect(told).toEqual(toldBefore);
      expect(told.filter((what) => what === "close")).toHaveLength(
        told.filter((what) => what === "connect").length,
      );
    }),
    { numRuns: 250 },
  ));
