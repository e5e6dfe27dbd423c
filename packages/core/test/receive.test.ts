import { ProtocolError } from "@sock/codec";
import { ManualClock } from "@sock/timer/manual";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createEventLoop, listen, raw } from "../src/index.ts";
import { connectedPair } from "../src/memory.ts";
import { claims } from "./peers/claims.ts";
import { header, lines, parting, sized } from "./support/codecs.ts";
import { carrierOf, dial } from "./support/dial.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { anyAddress, listening } from "./support/net-pair.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

const READ_AHEAD = 64 * 1024;

describe("a frame over maxPackageSize", () => {
  test.each([
    [9, "message"],
    [10, "message"],
    [11, "error"],
  ])("of 10, with %i bytes, is a %s", (size, outcome) => {
    const { transport, diary } = overFake({ codec: lines(), maxPackageSize: 10 });
    transport.receive(`${"x".repeat(size - 1)}\n`);
    const message = ["connect", `message ${"x".repeat(size - 1)}`];
    const error = ["connect", "error FRAME_TOO_LARGE in input"];
    expect(diary.lines).toEqual(outcome === "message" ? message : error);
  });

  test("is refused as soon as it is claimed, before its bytes are waited for", () => {
    const { transport, diary } = overFake({ codec: sized(), maxPackageSize: 1000 });
    transport.handler.received(header(997));
    expect(diary.lines).toEqual(["connect", "error FRAME_TOO_LARGE in input"]);
    expect(String(diary.errors[0])).toContain("1001 bytes is over the limit of 1000");
    expect(transport.hasEnded).toBe(true);
  });

  test("is refused when it has no end within the limit", () => {
    const { transport, diary } = overFake({ codec: lines(), maxPackageSize: 10 });
    transport.receive("0123456789");
    expect(diary.lines).toEqual(["connect", "error FRAME_TOO_LARGE in input"]);
    expect(String(diary.errors[0])).toContain("no frame ends within 10 bytes");
  });

  test("closes that connection alone, behind what was sent to it", async () => {
    const diary = new Diary();
    await using server = await listen(
      anyAddress("tcp"),
      diary.keep({
        codec: lines(),
        maxPackageSize: 10,
        onConnect: (connection) => connection.send("welcome"),
      }),
    );
    const bad = await dial(server.address);
    const good = await dial(server.address);
    bad.end("0123456789");
    await diary.until("close");
    good.end("fine\n");
    await diary.until("close", 2);
    expect(diary.lines).toEqual([
      "connect",
      "connect",
      "error FRAME_TOO_LARGE in input",
      "close",
      "message fine",
      "close",
    ]);
  });

  test("lets the codec say goodbye with the limit, and is told all the same", async () => {
    const { transport, diary } = overFake({ codec: parting(), maxPackageSize: 10 });
    transport.receive("0123456789");
    await settled();
    expect(transport.written).toBe("bye limit\n");
    expect(transport.hasEnded).toBe(true);
    expect(diary.lines).toEqual(["connect", "error FRAME_TOO_LARGE in input"]);
  });

  test("is told also when the codec's goodbye ends the connection by itself", async () => {
    const curt = lines((link) => ({
      farewell({ why }) {
        link.reply(`${why}\n`);
        link.end();
      },
    }));
    const { transport, diary } = overFake({ codec: curt, maxPackageSize: 10 });
    transport.receive("0123456789");
    await settled();
    expect(transport.written).toBe("limit\n");
    expect(transport.hasEnded).toBe(true);
    expect(diary.lines).toEqual(["connect", "error FRAME_TOO_LARGE in input"]);
  });

  test("counts by the limit in force: it can be changed on a connection", () => {
    const { connection, transport, diary } = overFake({ codec: lines(), maxPackageSize: 10 });
    connection.maxPackageSize = 20;
    transport.receive("0123456789012345\n");
    expect(diary.news()).toEqual(["connect", "message 0123456789012345"]);
    connection.maxPackageSize = 5;
    transport.receive("012345");
    expect(diary.news()).toEqual(["error FRAME_TOO_LARGE in input"]);
  });

  test("does not exist for raw: the limit cuts its messages", () => {
    const { transport, diary } = overFake({ codec: raw(), maxPackageSize: 4 });
    transport.receive("0123456789");
    expect(diary.lines).toEqual(["connect", "message 0123", "message 4567", "message 89"]);
  });
});

describe("a protocol error", () => {
  const strict = lines(() => ({
    decode(frame) {
      if (frame.length > 1) return frame.toString().trim();
      throw new ProtocolError("EMPTY", "no line is empty", { farewell: "go away\n" });
    },
  }));

  test("sends the farewell, is told, and closes", async () => {
    const [ours, theirs] = await pair("tcp", { codec: strict }, { codec: lines() });
    theirs.connection.send("one");
    theirs.connection.send("");
    theirs.connection.send("three");
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(ours.diary.lines).toEqual(["connect", "message one", "error EMPTY in decode", "close"]);
    expect(theirs.diary.lines).toEqual(["connect", "message go away", "close"]);
  });

  test("counts as an error, and the connection's user finds it there", () => {
    const { transport, diary, stats } = overFake({ codec: strict });
    transport.receive("\n");
    expect(ProtocolError.is(diary.errors[0])).toBe(true);
    expect(stats.errors).toBe(1);
  });

  test("after our close is nobody's concern, and does not wait for the goodbye", () => {
    const { connection, transport, diary } = overFake({ codec: strict });
    connection.close();
    transport.receive("\n");
    expect(diary.lines).toEqual(["connect"]);
    expect(transport.hasEnded).toBe(true);
  });

  test("comes behind the answer to the message before it", () => {
    const { transport } = overFake({ codec: strict, onMessage: (connection, line) => connection.send(line) });
    transport.receive("one\n\n");
    expect(transport.written).toBe("one\ngo away\n");
  });
});

test("claims of 10 MiB with one byte each keep little", async () => {
  const before = process.memoryUsage().arrayBuffers;
  const pairs = Array.from({ length: 1000 }, () =>
    connectedPair({ codec: sized(), onMessage() {} }, { codec: raw() }),
  );
  await settled();
  for (const [, peer] of pairs) peer.send([header(10 * 1024 * 1024 - 4), "x"]);
  await settled();
  expect(pairs.every(([connection]) => connection.recvBufferSize === 5)).toBe(true);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 1024 * 1024);
  for (const [connection] of pairs) connection.destroy();
});

test("a claim of a peer that never keeps it costs a server nothing but the connection", async () => {
  const diary = new Diary();
  await using server = await listen(anyAddress("unix"), diary.keep({ codec: sized() }));
  const peer = await claims(server.address, 10 * 1024 * 1024 - 4);
  await diary.until("connect");
  peer.go();
  await diary.until("close");
  expect(diary.lines).toEqual(["connect", "error UNEXPECTED_END in finish", "close"]);
});

describe("nobody takes the messages", () => {
  const untaken = (diary: Diary) => diary.keepButMessages({ codec: lines() });

  test("until onMessage is set: then they come, all of them, in order", async () => {
    const diary = new Diary();
    const [connection, peer] = connectedPair(untaken(diary), { codec: lines() });
    await settled();
    peer.send("one");
    peer.send("two");
    await settled();
    connection.onMessage = (_, line) => diary.write(line);
    peer.send("three");
    await settled();
    expect(diary.lines).toEqual(["connect", "one", "two", "three"]);
    connection.destroy();
  });

  test("until somebody iterates", async () => {
    const [connection, peer] = connectedPair({ codec: lines() }, { codec: lines() });
    await settled();
    peer.send("one");
    peer.close("two");
    await settled();
    const seen: string[] = [];
    for await (const line of connection) seen.push(line);
    expect(seen).toEqual(["one", "two"]);
  });

  test("when the peer has ended they wait until closeTimeout, and no longer", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const [connection, peer] = connectedPair(
      { ...untaken(diary), closeTimeout: 1000 },
      { codec: lines() },
      createEventLoop(clock),
    );
    await settled();
    peer.close("one");
    await settled();
    clock.advance(999);
    expect(connection.state).toBe("open");
    clock.advance(502);
    await settled();
    expect(diary.lines).toEqual(["connect", "error CLOSE_TIMEOUT in deadline", "close"]);
  });

  test("taken in time, they may be handled as slowly as one likes", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const [connection, peer] = connectedPair(
      { ...untaken(diary), closeTimeout: 1000 },
      { codec: lines() },
      createEventLoop(clock),
    );
    await settled();
    peer.close("one");
    await settled();
    const { promise, resolve } = Promise.withResolvers<void>();
    connection.onMessage = () => promise;
    await settled();
    clock.advance(100_000);
    resolve();
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
  });

  test("and they wait even when the peer has ended", async () => {
    const diary = new Diary();
    const [connection, peer] = connectedPair(untaken(diary), { codec: lines() });
    await settled();
    peer.close("one");
    await settled();
    expect(connection.state).toBe("open");
    connection.onMessage = (_, line) => diary.write(line);
    await settled();
    expect(diary.lines).toEqual(["connect", "one", "close"]);
  });

  test("and never come after a close", async () => {
    const diary = new Diary();
    const [connection, peer] = connectedPair(untaken(diary), { codec: lines() });
    await settled();
    peer.send("one");
    await settled();
    connection.close();
    connection.onMessage = (_, line) => diary.write(line);
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
  });

  test("but when there are none, the peer's end closes as ever", async () => {
    const diary = new Diary();
    const [connection, peer] = connectedPair(untaken(diary), { codec: lines() });
    await settled();
    peer.close();
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
    expect(connection.state).toBe("closed");
  });

  test("a peer that sends on is made to wait", async () => {
    const [connection, peer] = connectedPair({ codec: raw() }, { codec: raw() });
    await settled();
    peer.send(Buffer.alloc(1_000_000));
    await settled();
    expect(connection.recvBufferSize).toBeGreaterThanOrEqual(READ_AHEAD);
    expect(connection.recvBufferSize).toBeLessThanOrEqual(2 * READ_AHEAD);
    expect(peer.sendBufferSize).toBeGreaterThan(700_000);
    connection.destroy();
  });
});

describe("pauseRecv", () => {
  test("stops also what has arrived, and resumeRecv goes on where it stopped", () => {
    const { connection, transport, diary } = overFake({
      codec: lines(),
      onMessage(connection, line) {
        if (line === "two") connection.pauseRecv();
      },
    });
    transport.receive("one\ntwo\nthree\nfour\n");
    expect(diary.news()).toEqual(["connect", "message one", "message two"]);
    expect(transport.isPaused).toBe(true);
    expect(connection.recvBufferSize).toBe(11);
    connection.resumeRecv();
    expect(diary.news()).toEqual(["message three", "message four"]);
    expect(transport.isPaused).toBe(false);
  });

  test("twice is once", () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    connection.pauseRecv();
    connection.pauseRecv();
    transport.receive("one\n");
    connection.resumeRecv();
    connection.resumeRecv();
    expect(diary.lines).toEqual(["connect", "message one"]);
  });

  test("in onConnect stops the first message", () => {
    const { connection, transport, diary } = overFake({
      codec: lines(),
      onConnect: (connection) => connection.pauseRecv(),
    });
    transport.receive("one\n");
    expect(diary.lines).toEqual(["connect"]);
    connection.resumeRecv();
    expect(diary.lines).toEqual(["connect", "message one"]);
  });

  test("keeps the message that waits for an async handler", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { connection, transport, diary } = overFake({ codec: lines(), onMessage: () => promise });
    transport.receive("one\ntwo\n");
    connection.pauseRecv();
    resolve();
    await settled();
    expect(diary.news()).toEqual(["connect", "message one"]);
    connection.resumeRecv();
    await settled();
    expect(diary.news()).toEqual(["message two"]);
  });

  test("and a full send buffer cannot cancel each other", () => {
    const { connection, transport, diary } = overFake({
      codec: lines(() => ({ lossless: true })),
      maxSendBufferSize: 1,
      onMessage: (connection, line) => connection.send(line),
    });
    transport.room = 0;
    transport.receive("one\ntwo\n");
    connection.pauseRecv();
    transport.take();
    transport.receive("three\n");
    expect(diary.news()).toEqual(["connect", "message one", "full", "drain"]);
    expect(transport.isPaused).toBe(true);

    connection.resumeRecv();
    expect(diary.news()).toEqual(["message two", "message three"]);
    transport.room = 0;
    transport.receive("four\n");
    connection.pauseRecv();
    connection.resumeRecv();
    transport.receive("five\n");
    expect(diary.news()).toEqual(["message four", "full"]);
    expect(transport.isPaused).toBe(true);
  });

  test.each(wires)("over %s loses nothing, however often it is called", async (wire) => {
    const count = 2000;
    let next = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const [, theirs] = await pair(
      wire,
      {
        codec: lines(),
        onMessage(connection, line) {
          expect(line).toBe(String(next));
          next += 1;
          if (next % 7 === 0) {
            connection.pauseRecv();
            setImmediate(() => connection.resumeRecv());
          }
          if (next === count) resolve();
        },
      },
      { codec: lines() },
    );
    for (let i = 0; i < count; i++) theirs.connection.send(String(i));
    await promise;
  });
});

describe("while an async handler is at work", () => {
  test("up to 64 KiB are read on, and then the peer is made to wait", async () => {
    const { transport, diary, connection } = overFake({
      codec: lines(),
      onMessage: () => new Promise(() => {}),
    });
    transport.receive("one\n");
    const line = `${"x".repeat(1023)}\n`;
    transport.receive(line);
    for (let i = 0; i < 64; i++) {
      expect(transport.isPaused).toBe(false);
      transport.receive(line);
    }
    expect(connection.recvBufferSize).toBe(READ_AHEAD);
    expect(transport.isPaused).toBe(true);
    expect(diary.lines).toEqual(["connect", "message one"]);
  });

  test("reading goes on when it is done", async () => {
    const handlers: (() => void)[] = [];
    const { transport } = overFake({
      codec: lines(),
      onMessage: () => new Promise<void>((resolve) => handlers.push(resolve)),
    });
    transport.receive(`one\ntwo\n${"x".repeat(READ_AHEAD - 1)}\n`);
    expect(transport.isPaused).toBe(true);
    while (handlers.length > 0) {
      handlers.shift()!();
      await settled();
    }
    expect(transport.isPaused).toBe(false);
  });

  test.each(["tcp", "tls", "unix"] as const)("a reset of the peer over %s is noticed", async (wire) => {
    const diary = new Diary();
    await using server = await listen(
      anyAddress(wire),
      diary.keep({ codec: lines(), onMessage: () => new Promise(() => {}), ...listening(wire) }),
    );
    const peer = await dial(server.address);
    peer.write("one\ntwo\nthree\n");
    await diary.until("message one");
    for (const connection of server.connections) {
      connection.send("unread");
      await connection.drained();
    }
    if (wire === "unix") peer.destroy();
    else carrierOf(peer).resetAndDestroy();
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "message one", "error ECONNRESET in transport", "close"]);
  });
});

test("whatever the chunks are, the messages are the same", () => {
  const anyLines = fc.array(
    fc.string({ unit: "grapheme", maxLength: 20 }).filter((line) => !line.includes("\n")),
  );
  fc.assert(
    fc.property(anyLines, fc.array(fc.integer({ min: 1, max: 30 })), (messages, cuts) => {
      const { transport, diary } = overFake({ codec: lines() });
      const bytes = Buffer.from(messages.map((line) => `${line}\n`).join(""));
      let at = 0;
      for (const size of [...cuts, bytes.length]) {
        if (at >= bytes.length) break;
        transport.handler.received(Buffer.from(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(diary.lines.slice(1)).toEqual(messages.map((line) => `message ${line}`));
    }),
  );
});

test("a large message comes whole over every wire", async () => {
  const message = Buffer.alloc(9 * 1024 * 1024, "abc");
  for (const wire of wires) {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    const [, theirs] = await pair(
      wire,
      { codec: sized(), onMessage: (_, message) => resolve(message) },
      { codec: sized() },
    );
    theirs.connection.send(message);
    expect((await promise).equals(message)).toBe(true);
  }
});
