import type { Deadline } from "@sock/timer";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop, type EventLoop, listen } from "../src/index.ts";
import { sips } from "./peers/sips.ts";
import { lines, sized } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

function begin(options = {}) {
  const clock = new ManualClock();
  const made: Deadline[] = [];
  const loop = createEventLoop(clock);
  const counting: EventLoop = {
    ...loop,
    deadline(callback) {
      const deadline = loop.deadline(callback);
      made.push(deadline);
      return deadline;
    },
  };
  return { clock, made, ...overFake({ codec: lines(), loop: counting, ...options }) };
}

const LATE = 502;
const CUT = ["error WRITE_TIMEOUT in deadline", "close"];

test("a peer that takes nothing of what waits is cut, and sees that it has not all", async () => {
  const { clock, connection, transport, diary, stats } = begin();
  transport.room = 10;
  connection.send("x".repeat(99));
  await settled();
  clock.advance(29_999);
  await settled();
  expect(diary.lines).toEqual(["connect"]);
  clock.advance(1 + LATE);
  await settled();
  expect(diary.lines).toEqual(["connect", ...CUT]);
  expect(String(diary.errors[0])).toContain("took 0 bytes in 30000 ms, and 90 wait");
  expect(transport.wasReset).toBe(true);
  expect(stats.errors).toBe(1);
});

describe("a peer that is behind with 1 MiB", () => {
  const BEHIND = 1024 * 1024;

  /** Takes so many bytes in each of so many seconds. */
  async function taking(bytes: number, seconds: number) {
    const its = begin();
    its.transport.room = 0;
    its.connection.send("x".repeat(BEHIND - 1));
    await settled();
    for (let second = 0; second < seconds; second++) {
      its.transport.take(bytes);
      its.clock.advance(1000);
    }
    await settled();
    return its;
  }

  test.each([240, 500, 10_000])("and takes %i bytes a second may take its time", async (bytes) => {
    const { diary, connection } = await taking(bytes, Math.min(1000, BEHIND / bytes - 1));
    expect(diary.lines.slice(1)).toEqual(["full"]);
    expect(connection.state).toBe("open");
  });

  test.each([1, 200])("and takes %i is cut", async (bytes) => {
    const { diary } = await taking(bytes, 31);
    expect(diary.lines.slice(2)).toEqual(CUT);
  });

  test("and took much, and then nothing, is cut", async () => {
    const { diary, clock } = await taking(10_000, 40);
    clock.advance(60_000 + 2 * LATE);
    await settled();
    expect(diary.lines.slice(2)).toEqual(CUT);
  });

  test("and takes it all at last is left alone", async () => {
    const { diary, clock, transport } = await taking(500, 45);
    transport.take();
    await settled();
    clock.advance(1_000_000);
    expect(diary.lines.slice(1)).toEqual(["full", "drain"]);
  });
});

test("who takes all that waited is not slow, though more waits by then and it was little", async () => {
  const { clock, connection, transport, diary } = begin();
  transport.room = 0;
  for (let second = 0; second < 200; second++) {
    connection.send("little");
    await settled();
    if (second > 0) transport.take(7);
    clock.advance(1000);
  }
  expect(transport.waiting).toBe(7);
  expect(diary.lines).toEqual(["connect"]);
});

test("each time that something waits, the time begins again", async () => {
  const { clock, connection, transport, diary } = begin();
  for (let round = 0; round < 10; round++) {
    transport.room = 0;
    connection.send("some");
    await settled();
    clock.advance(20_000);
    transport.take();
    await settled();
  }
  expect(diary.lines).toEqual(["connect"]);
});

test("replies that a peer does not read are something that waits: reading stops, and then it is cut", async () => {
  const { clock, transport, connection, diary } = begin({
    codec: lines((link) => ({
      decode() {
        link.reply("pong\n");
        return undefined;
      },
    })),
    maxSendBufferSize: 10,
  });
  transport.room = 0;
  for (let i = 0; i < 3; i++) {
    transport.receive("ping\n");
    await settled();
  }
  expect(connection.sendBufferSize).toBe(10);
  expect(transport.isPaused).toBe(true);
  clock.advance(30_000 + LATE);
  await settled();
  expect(diary.lines.slice(1)).toEqual(["full", ...CUT]);
});

test("while closing it is as it was, with less time than the close has", async () => {
  const { clock, connection, transport, diary } = begin({ closeTimeout: 100_000 });
  transport.room = 0;
  connection.close("bye");
  await settled();
  expect(connection.state).toBe("ending");
  clock.advance(30_000 + LATE);
  await settled();
  expect(diary.lines).toEqual(["connect", ...CUT]);
});

test("the close's time holds too", async () => {
  const { clock, connection, transport, diary } = begin({ closeTimeout: 10_000 });
  transport.room = 0;
  connection.close("bye");
  await settled();
  clock.advance(10_000 + LATE);
  await settled();
  expect(diary.lines).toEqual(["connect", "error CLOSE_TIMEOUT in deadline", "close"]);
  expect(transport.wasReset).toBe(true);
});

test.each([0, -1, Number.NaN])("a writeTimeout of %d is refused", (writeTimeout) => {
  expect(() => begin({ writeTimeout })).toThrow(RangeError);
});

test("none at all is allowed", async () => {
  const { clock, connection, transport, diary } = begin({ writeTimeout: Infinity });
  transport.room = 0;
  connection.send("for ever");
  await settled();
  clock.advance(100_000_000);
  expect(diary.lines).toEqual(["connect"]);
});

describe("the deadline", () => {
  test("is not made while nothing waits", async () => {
    const { made, connection } = begin();
    for (let i = 0; i < 100; i++) connection.send("x".repeat(1000));
    await settled();
    expect(made).toHaveLength(0);
  });

  test("is one for a peer that is often behind, and is forgotten when it has caught up", async () => {
    const { made, clock, connection, transport } = begin();
    const fallBehind = async () => {
      transport.room = 0;
      connection.send("some");
      await settled();
    };
    for (let i = 0; i < 100; i++) {
      await fallBehind();
      clock.advance(10);
      transport.take();
      await settled();
    }
    expect(made).toHaveLength(1);
    clock.advance(30_000 + LATE);
    expect(made[0]!.isArmed).toBe(false);
    await fallBehind();
    expect(made).toHaveLength(2);
  });

  test("of a connection that has gone is not kept by the wheel", async () => {
    const { made, connection, transport } = begin();
    transport.room = 0;
    connection.send("some");
    await settled();
    connection.destroy();
    await settled();
    expect(made.some(({ isArmed }) => isArmed)).toBe(false);
  });
});

describe("a real peer with one message of 64 MiB", () => {
  async function sending() {
    const clock = new ManualClock();
    const diary = new Diary();
    const server = await listen(
      "tcp://127.0.0.1:0",
      diary.keep({
        codec: sized(),
        loop: createEventLoop(clock),
        onConnect: (connection) => void connection.send(Buffer.alloc(64 * 1024 * 1024)),
      }),
    );
    const peer = await sips(server.address);
    await diary.until("full");
    return { clock, diary, server, peer };
  }

  test("that reads slowly gets all of it", async () => {
    const { clock, diary, server, peer } = await sending();
    while (peer.size < 64 * 1024 * 1024) {
      await peer.take(16 * 1024 * 1024);
      clock.advance(30_000 + LATE);
    }
    await diary.until("drain");
    expect(diary.lines).toEqual(["connect", "full", "drain"]);
    peer.go();
    await server.close();
  });

  test("that takes a byte now and then is cut", async () => {
    const { clock, diary, server, peer } = await sending();
    await peer.take(16 * 1024 * 1024);
    for (let i = 0; i < 61 && !diary.lines.includes("close"); i++) {
      await peer.take(1);
      clock.advance(1000 + LATE);
      await settled();
    }
    expect(diary.lines).toEqual(["connect", "full", ...CUT]);
    await expect(peer.take(Infinity)).rejects.toThrow("ECONNRESET");
    await server.close();
  });
});
