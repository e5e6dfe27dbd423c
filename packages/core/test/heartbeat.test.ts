import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop } from "../src/index.ts";
import { lines, parting } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

/** A deadline may be late by half a second. */
const LATE = 501;

const pinging = lines((link) => ({
  ping: () => "ping\n",
  decode(frame) {
    if (frame.toString() !== "pong\n") return frame.toString().trim();
    link.phase("ponged");
    return undefined;
  },
}));

function beating(options: { pingInterval?: number; idleTimeout?: number }, codec = pinging) {
  const clock = new ManualClock();
  return { clock, ...overFake({ codec, loop: createEventLoop(clock), ...options }) };
}

describe("pingInterval", () => {
  test("sends a ping after so much silence, and again after as much", async () => {
    const { clock, transport } = beating({ pingInterval: 10_000 });
    clock.advance(9_999);
    await settled();
    expect(transport.written).toBe("");
    clock.advance(LATE);
    await settled();
    expect(transport.written).toBe("ping\n");
    clock.advance(10_000 + LATE);
    await settled();
    expect(transport.written).toBe("ping\nping\n");
  });

  test("any byte of the peer is a sign of life", async () => {
    const { clock, transport } = beating({ pingInterval: 10_000 });
    for (let i = 0; i < 10; i++) {
      clock.advance(9_000);
      transport.receive("x");
    }
    await settled();
    expect(transport.written).toBe("");
  });

  test("an answer gives the time of its way", async () => {
    const { clock, transport, connection } = beating({ pingInterval: 10_000 });
    expect(connection.roundTripTime).toBeUndefined();
    clock.advance(10_000 + LATE);
    const before = clock.now();
    clock.advance(123);
    transport.receive("pong\n");
    expect(connection.roundTripTime).toBeLessThanOrEqual(clock.now() - before + LATE);
    expect(connection.roundTripTime).toBeGreaterThanOrEqual(123);
    const { roundTripTime } = connection;
    clock.advance(5000);
    transport.receive("something else\n");
    expect(connection.roundTripTime).toBe(roundTripTime);
  });

  test("a ping is not sent behind what the peer does not take", async () => {
    const { clock, connection, transport } = beating({ pingInterval: 10_000 });
    transport.room = 0;
    connection.send("one");
    await settled();
    clock.advance(10_000 + LATE);
    await settled();
    expect(transport.written).toBe("one\n");
  });

  test("a codec that has no ping sends none", async () => {
    const { clock, transport, diary } = beating({ pingInterval: 10_000 }, lines());
    clock.advance(100_000);
    await settled();
    expect(transport.written).toBe("");
    expect(diary.lines).toEqual(["connect"]);
  });
});

describe("idleTimeout", () => {
  test("closes after so much silence, and says so", async () => {
    const { clock, transport, diary } = beating({ idleTimeout: 30_000 }, parting());
    clock.advance(29_999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(LATE);
    await settled();
    expect(diary.lines).toEqual(["connect", "error IDLE_TIMEOUT in deadline"]);
    expect(transport.written).toBe("bye deadline\n");
  });

  test("comes after pings that were not answered", async () => {
    const { clock, transport, diary } = beating({ pingInterval: 10_000, idleTimeout: 25_000 });
    for (let s = 0; s < 27; s++) {
      clock.advance(1000);
      await settled();
    }
    expect(transport.written).toBe("ping\nping\n");
    expect(diary.lines).toEqual(["connect", "error IDLE_TIMEOUT in deadline"]);
    expect(transport.hasEnded).toBe(true);
  });

  test("does not come while pings are answered", async () => {
    const { clock, transport, diary } = beating({ pingInterval: 10_000, idleTimeout: 25_000 });
    for (let i = 0; i < 10; i++) {
      clock.advance(10_000 + LATE);
      transport.receive("pong\n");
    }
    expect(diary.lines).toEqual(["connect"]);
  });

  test("does not come while the peer takes what is sent to it", async () => {
    const { clock, connection, transport, diary } = beating({ idleTimeout: 30_000 });
    for (let i = 0; i < 5; i++) {
      transport.room = 0;
      connection.send("news");
      await settled();
      clock.advance(20_000);
      transport.take();
    }
    expect(diary.lines).toEqual(["connect"]);
  });
});

test("after a close there is no heartbeat", async () => {
  const { clock, connection, transport, diary } = beating({ pingInterval: 100, idleTimeout: 1000 });
  connection.close();
  clock.advance(1900);
  await settled();
  expect(transport.written).toBe("");
  expect(diary.lines).toEqual(["connect"]);
});

test("without these options there are no deadlines at all", () => {
  const { clock } = beating({});
  expect(clock.pending).toBe(0);
});

test.each([0, -1, Number.NaN])("an interval of %f is a RangeError", (ms) => {
  expect(() => beating({ pingInterval: ms })).toThrow(RangeError);
  expect(() => beating({ idleTimeout: ms })).toThrow(RangeError);
});
