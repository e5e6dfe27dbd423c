import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop, listen, type SendResult } from "../src/index.ts";
import { neverReads } from "./peers/never-reads.ts";
import { lines } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

const LATE = 502;
const CUT = ["error SLOW_CONSUMER in deadline", "close"];

/** Of 10 bytes, `written` of which wait already. */
async function full(closeAfter: number, options = {}) {
  const clock = new ManualClock();
  const its = overFake({
    codec: lines(),
    loop: createEventLoop(clock),
    maxSendBufferSize: 10,
    whenFull: { closeAfter },
    writeTimeout: Infinity,
    ...options,
  });
  its.transport.room = 0;
  const answers: SendResult[] = [];
  /** Sends lines of `sizes`, line feeds included. */
  const send = (...sizes: number[]) => {
    for (const size of sizes) answers.push(its.connection.send("x".repeat(size - 1)));
  };
  send(5, 5);
  await settled();
  return { clock, send, answers, ...its };
}

describe("with closeAfter, a peer that does not read", () => {
  test("misses nothing meanwhile, and is cut when the time is up", async () => {
    const { clock, send, answers, connection, diary, stats, transport } = await full(1000);
    send(4, 5);
    expect(answers.slice(1)).toEqual(["buffered", "buffered", "buffered"]);
    clock.advance(999);
    expect(diary.lines).toEqual(["connect", "full"]);
    clock.advance(1 + LATE);
    expect(connection.send("late")).toBe("closed");
    await settled();
    expect(diary.lines).toEqual(["connect", "full", ...CUT]);
    expect(String(diary.errors[0])).toContain("19 bytes wait after 1000 ms, and 10 may");
    expect(transport.wasReset).toBe(true);
    expect(stats).toMatchObject({ slowConsumers: 1, dropped: 0, errors: 1, messagesSent: 4 });
  });

  test.each([
    [[4, 5], "buffered"],
    [[5, 5], "closed"],
    [[100], "closed"],
  ])("is cut before, when twice as many bytes wait: after lines of %j it is %s", async (sizes, answer) => {
    const { send, answers, diary } = await full(1000);
    send(...sizes, 1);
    expect(answers.at(-1)).toBe(answer);
    await settled();
    expect(diary.lines.slice(2)).toEqual(answer === "closed" ? CUT : []);
  });

  test("is left alone when it has read enough to make room", async () => {
    const { clock, diary, transport, send } = await full(1000);
    send(5);
    transport.take(6);
    clock.advance(1000 + LATE);
    await settled();
    expect(diary.lines).toEqual(["connect", "full"]);
    transport.room = 0;
    send(5);
    clock.advance(1000 + LATE);
    await settled();
    expect(diary.lines.slice(2)).toEqual(CUT);
  });

  test("is left alone when it has read all, and has its time again when it falls behind again", async () => {
    const { clock, diary, transport, send, answers } = await full(1000);
    clock.advance(900);
    transport.take();
    transport.room = 0;
    await settled();
    clock.advance(90);
    send(10, 1);
    clock.advance(999);
    await settled();
    expect(diary.lines).toEqual(["connect", "full", "drain", "full"]);
    clock.advance(1 + LATE);
    await settled();
    expect(diary.lines.slice(4)).toEqual(CUT);
    expect(answers.slice(2)).toEqual(["buffered", "buffered"]);
  });

  test("of 0 ms is cut by the first message that finds no room", async () => {
    const { send, answers, diary } = await full(0);
    expect(diary.lines).toEqual(["connect", "full"]);
    send(1);
    expect(answers.at(-1)).toBe("closed");
    await settled();
    expect(diary.lines.slice(2)).toEqual(CUT);
  });

  test("is cut also where the limit was lowered to what waits already", async () => {
    const { connection, clock, diary } = await full(1000, { maxSendBufferSize: 100 });
    connection.maxSendBufferSize = 10;
    expect(connection.send("more")).toBe("buffered");
    clock.advance(1000 + LATE);
    await settled();
    expect(diary.lines.slice(2)).toEqual(CUT);
  });

  test("whose protocol counts messages has the time, and no second limit", async () => {
    const { connection, clock, diary } = await full(1000, { codec: lines(() => ({ lossless: true })) });
    expect(connection.send("x".repeat(100))).toBe("buffered");
    expect(connection.send("more")).toBe("buffered");
    clock.advance(1000 + LATE);
    await settled();
    expect(diary.lines.slice(2)).toEqual(CUT);
  });
});

test.each([-1, Number.NaN])("a closeAfter of %d is refused", async (closeAfter) => {
  await expect(full(closeAfter)).rejects.toThrow(RangeError);
});

test("a real peer that never reads is cut, and others are served", async () => {
  const clock = new ManualClock();
  const diary = new Diary();
  const server = await listen(
    "tcp://127.0.0.1:0",
    diary.keep({
      codec: lines(),
      loop: createEventLoop(clock),
      whenFull: { closeAfter: 5000 },
      onMessage(connection, line) {
        if (line === "much")
          while (connection.sendBufferSize < 1024 * 1024) connection.send("x".repeat(99_999));
        else connection.send(line);
      },
    }),
  );
  const peer = await neverReads(server.address, "much\n");
  await diary.until("full");
  clock.advance(5000 + LATE);
  await diary.until("close");
  expect(diary.lines).toEqual(["connect", "message much", "full", ...CUT]);
  expect(server.stats().slowConsumers).toBe(1);
  const other = await neverReads(server.address, "well?\n");
  other.end();
  expect((await other.read()).toString()).toBe("well?\n");
  await expect(peer.read()).rejects.toThrow("ECONNRESET");
  await server.close();
});
