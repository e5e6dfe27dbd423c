import type { CodecFactory, PhaseLimits } from "@sock/codec";
import type { Deadline } from "@sock/timer";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop, type EventLoop, listen } from "../src/index.ts";
import { lineOf, lines } from "./support/codecs.ts";
import { dial } from "./support/dial.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

/** Begins in a phase of `first`; a line names the next one, with the milliseconds that it may last, if any. */
const phased = (first: PhaseLimits) =>
  lines((link) => {
    link.phase("first", first);
    return {
      decode(frame) {
        const [name = "", within] = lineOf(frame).split(" ");
        link.phase(name, within === undefined ? undefined : { ...first, within: Number(within) });
        return undefined;
      },
      farewell(why) {
        link.reply(`${why.why} ${"phase" in why ? why.phase : ""}\n`);
        link.end();
      },
    };
  });

function begin(first: PhaseLimits, options = {}) {
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
  return { clock, made, ...overFake({ codec: phased(first), loop: counting, ...options }) };
}

/** What a deadline may be late, and a little. */
const LATE = 502;

test("a peer that is too slow is told, with the phase that it was too slow in, and closed", async () => {
  const { clock, transport, diary, stats } = begin({ within: 1000 });
  clock.advance(999);
  expect(diary.lines).toEqual(["connect"]);
  clock.advance(1 + LATE);
  await settled();
  expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  expect(String(diary.errors[0])).toContain("first");
  expect(transport.written).toBe("deadline first\n");
  expect(transport.hasEnded).toBe(true);
  expect(stats.errors).toBe(1);
});

test("a quiet phase closes with the same goodbye, and nobody hears of an error", async () => {
  const { clock, transport, diary, stats } = begin({ within: 1000, quiet: true });
  clock.advance(999);
  expect(transport.written).toBe("");
  clock.advance(1 + LATE);
  await settled();
  expect(transport.written).toBe("deadline first\n");
  expect(transport.hasEnded).toBe(true);
  transport.handler.peerEnded();
  transport.handler.gone();
  expect(diary.lines).toEqual(["connect", "close"]);
  expect(stats.errors).toBe(0);
});

test("each new phase puts the deadline off", () => {
  const { clock, transport, diary } = begin({ within: 1000 });
  for (let i = 0; i < 10; i++) {
    clock.advance(900);
    transport.receive("next 1000\n");
  }
  expect(diary.lines).toEqual(["connect"]);
});

test("a shorter one brings it forward", () => {
  const { clock, transport, diary } = begin({ within: 60_000 });
  transport.receive("next 1000\n");
  clock.advance(1000 + LATE);
  expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
});

test("a phase without a limit has no deadline", () => {
  const { clock, transport, diary } = begin({ within: 1000 });
  transport.receive("idle\n");
  clock.advance(1_000_000);
  expect(diary.lines).toEqual(["connect"]);
});

test("after a close no phase counts", async () => {
  const { clock, connection, diary } = begin({ within: 1000 });
  connection.close();
  clock.advance(1000 + LATE);
  await settled();
  expect(diary.lines).toEqual(["connect"]);
});

describe("with a least rate", () => {
  const slow = { within: 10_000, bytesPerSecond: 500 };

  test("silence ends when the grace does", () => {
    const { clock, diary } = begin(slow);
    clock.advance(9999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1 + LATE);
    expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  });

  test("bytes buy the time that they take at that rate, and no more", () => {
    const { clock, transport, diary } = begin(slow);
    transport.receive("x".repeat(5000));
    clock.advance(19_999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1 + 2 * LATE);
    expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  });

  test("a peer that keeps to it goes on for ever", () => {
    const { clock, transport, diary, connection } = begin(slow);
    for (let second = 0; second < 1000; second++) {
      clock.advance(1000);
      transport.receive("x".repeat(500));
    }
    expect(connection.bytesRead).toBe(500_000);
    expect(diary.lines).toEqual(["connect"]);
  });

  test("a peer at half of it ends when its grace is eaten up, however often the deadline was late", () => {
    const { clock, transport, connection } = begin(slow);
    let second = 0;
    while (connection.state === "open" && second < 1000) {
      clock.advance(1000);
      transport.receive("x".repeat(250));
      second++;
    }
    expect(second).toBeGreaterThanOrEqual(20);
    expect(second).toBeLessThanOrEqual(22);
  });

  test("bytes of the phases before buy nothing", () => {
    const { clock, transport, diary } = begin(slow);
    transport.receive(`${"x".repeat(100_000)} 60000\nnext 10000\n`);
    clock.advance(10_000 + 2 * LATE);
    expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  });

  test("bytes that came in one chunk with the end of the phase before are this one's", () => {
    const { clock, transport, diary } = begin(slow);
    transport.receive(`next 10000\n${"x".repeat(5000)}`);
    clock.advance(19_999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1 + 2 * LATE);
    expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  });
});

describe("while the peer is not read", () => {
  test("it is not slow, and has all its time again afterwards", () => {
    const { clock, connection, diary } = begin({ within: 1000 });
    clock.advance(900);
    connection.pauseRecv();
    clock.advance(100_000);
    connection.resumeRecv();
    clock.advance(999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1 + LATE);
    expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  });

  test("a pause just before the time is up is not blamed on it either", () => {
    const { clock, connection, diary } = begin({ within: 1000 });
    connection.pauseRecv();
    clock.advance(990);
    connection.resumeRecv();
    clock.advance(900);
    expect(diary.lines).toEqual(["connect"]);
  });

  test("a codec's own hold does not stop the time", () => {
    const clock = new ManualClock();
    const { diary } = overFake({
      codec: lines((link) => {
        link.hold();
        link.phase("verify", { within: 1000 });
        return {};
      }),
      loop: createEventLoop(clock),
    });
    clock.advance(1000 + LATE);
    expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  });
});

describe("the deadline", () => {
  test("is one, however often phases with and without limits change", () => {
    const { made, clock, transport } = begin({ within: 5000 });
    for (let i = 0; i < 1000; i++) {
      transport.receive("answer\nidle 5000\nhead 1000\nbody 30000\n");
      clock.advance(2);
    }
    // That of the handshake, and the one for all that follow.
    expect(made).toHaveLength(2);
  });

  test("is forgotten when the only phase was a handshake", () => {
    const { made, transport } = begin({ within: 5000 });
    transport.receive("open\n");
    expect(made.map(({ isArmed }) => isArmed)).toEqual([false]);
    transport.receive("next 1000\n");
    expect(made.map(({ isArmed }) => isArmed)).toEqual([false, true]);
  });

  test("is forgotten when its time would have been up, where phases with limits come no more", () => {
    const { made, clock, transport } = begin({ within: 5000 });
    transport.receive("open\nnext 1000\nopen\n");
    expect(made.map(({ isArmed }) => isArmed)).toEqual([false, true]);
    clock.advance(1000 + LATE);
    expect(made.map(({ isArmed }) => isArmed)).toEqual([false, false]);
    transport.receive("next 1000\n");
    expect(made).toHaveLength(3);
  });

  test("is not made for a connection whose phases have no limits", () => {
    const { made, transport } = begin({});
    transport.receive("open\n");
    expect(made).toHaveLength(0);
  });

  test("of a connection that has gone is not kept by the wheel", async () => {
    const { made, connection } = begin({ within: 5000 });
    connection.destroy();
    await settled();
    expect(made.some(({ isArmed }) => isArmed)).toBe(false);
  });
});

test("a codec that lets messages wait for the peer hears of it before they are out", async () => {
  const clock = new ManualClock();
  const isOver = Promise.withResolvers<void>();
  /** Each line but the first waits for a word of the peer, which never comes. */
  const waiting: CodecFactory<string> = (link) => {
    let isFirst = true;
    return {
      ...lines()(link),
      encode(line) {
        if (!isFirst) return afterwards(`${line} is not for you\n`);
        isFirst = false;
        link.phase("answer", { within: 1000 });
        return `${line}\n`;
      },
      farewell() {
        isOver.resolve();
        link.end();
      },
    };
  };
  async function* afterwards(line: string) {
    await isOver.promise;
    yield line;
  }
  const { connection, transport, diary } = overFake({ codec: waiting, loop: createEventLoop(clock) });
  for (const line of ["one", "two"]) connection.send(line);
  clock.advance(1000 + LATE);
  await settled();
  expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  expect([transport.written, transport.hasEnded]).toEqual(["one\ntwo is not for you\n", true]);
});

test("a real peer that drips is told to go when it is slower than it may be", async () => {
  const clock = new ManualClock();
  const diary = new Diary();
  const server = await listen(
    "tcp://127.0.0.1:0",
    diary.keep({ codec: phased({ within: 10_000, bytesPerSecond: 500 }), loop: createEventLoop(clock) }),
  );
  const peer = await dial(server.address);
  await diary.until("connect");
  const [connection] = server.connections;
  /** Sends so many bytes a second, for so many. */
  const drip = async (bytes: number, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      const before = connection!.bytesRead;
      peer.write("x".repeat(bytes));
      while (connection!.bytesRead < before + bytes) await settled();
      clock.advance(1000);
    }
  };
  await drip(500, 60);
  expect(diary.lines).toEqual(["connect"]);
  await drip(1, 11);
  expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  let heard = "";
  for await (const chunk of peer) heard += chunk;
  expect(heard).toBe("deadline first\n");
  peer.end();
  await server.close();
});
