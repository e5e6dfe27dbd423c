import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lines } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

describe("with async handlers, whatever comes in whatever chunks,", () => {
  const anyStep = fc.oneof(
    fc.record({ do: fc.constant("receive" as const), size: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constantFrom("pause", "resume", "settle"), size: fc.constant(0) }),
  );

  test("a connection has one message in flight, and they are in order", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }),
        fc.array(anyStep, { maxLength: 80 }),
        async (durations, steps) => {
          const begun: number[] = [];
          let inFlight = 0;
          let isPaused = false;
          const { connection, transport } = overFake({
            codec: lines(),
            async onMessage(_, line) {
              expect(isPaused).toBe(false);
              expect(++inFlight).toBe(1);
              begun.push(Number(line));
              for (let i = 0; i < durations[Number(line)]!; i++) await settled();
              inFlight--;
            },
          });
          const bytes = durations.map((_, i) => `${i}\n`).join("");
          let at = 0;
          for (const step of steps) {
            if (step.do === "receive") {
              if (at < bytes.length) transport.receive(bytes.slice(at, at + step.size));
              at += step.size;
            } else if (step.do === "settle") await settled();
            else {
              isPaused = step.do === "pause";
              if (isPaused) connection.pauseRecv();
              else connection.resumeRecv();
            }
          }
          isPaused = false;
          connection.resumeRecv();
          if (at < bytes.length) transport.receive(bytes.slice(at));
          while (begun.length < durations.length || inFlight > 0) await settled();
          expect(begun).toEqual(durations.map((_, i) => i));
        },
      ),
    ));

  test("connections do not wait for each other", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = await pair("tcp", { codec: lines() }, { codec: lines(), onMessage: () => promise });
    const quick = await pair("tcp", { codec: lines() }, { codec: lines(), onMessage() {} });
    for (const [client] of [slow, quick]) {
      client.connection.send("one");
      client.connection.send("two");
    }
    await slow[1].diary.until("message one");
    await quick[1].diary.until("message two");
    expect(slow[1].diary.lines).not.toContain("message two");
    resolve();
    await slow[1].diary.until("message two");
  });
});
