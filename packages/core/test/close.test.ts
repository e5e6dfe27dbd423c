import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop, raw } from "../src/index.ts";
import { greeting, lines, parting } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";
import { Tally } from "./support/tally.ts";

/** Bytes that no peer takes that does not read. */
const A_LOT = Buffer.alloc(8 * 1024 * 1024, "x");

function atRest() {
  const clock = new ManualClock();
  return { clock, loop: createEventLoop(clock) };
}

describe.each(wires)("over %s", (wire) => {
  test("a close reaches both sides, each once", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    ours.connection.close();
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(ours.diary.lines).toEqual(["connect", "close"]);
    expect(theirs.diary.lines).toEqual(["connect", "close"]);
    expect(ours.connection.state).toBe("closed");
  });

  test("what was sent before a close arrives, and the last message with it", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    ours.connection.send("one");
    ours.connection.send("two");
    ours.connection.close("three");
    await theirs.diary.until("close");
    expect(theirs.diary.lines).toEqual(["connect", "message one", "message two", "message three", "close"]);
  });

  test("much that waits is flushed before the end", async () => {
    const tally = new Tally();
    const [ours, theirs] = await pair(
      wire,
      { codec: raw(), maxSendBufferSize: 2 * A_LOT.length },
      { codec: raw(), onMessage: (_, chunk) => tally.add(chunk) },
    );
    theirs.connection.pauseRecv();
    expect(ours.connection.send(A_LOT)).toBe("buffered");
    ours.connection.close("!");
    expect(ours.connection.state).toBe("ending");
    theirs.connection.resumeRecv();
    await theirs.diary.until("close");
    expect(tally.size).toBe(A_LOT.length + 1);
  });

  test("a destroyed connection is closed, once, and its peer too", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    ours.connection.destroy();
    ours.connection.destroy();
    ours.connection.close();
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(ours.diary.lines).toEqual(["connect", "close"]);
    expect(theirs.diary.count("close")).toBe(1);
  });

  test("a peer that cuts while it is written to is told as an error, and then the close", async () => {
    const [ours, theirs] = await pair(wire, { codec: raw() }, { codec: raw() });
    theirs.connection.pauseRecv();
    ours.connection.send(A_LOT);
    await settled();
    theirs.connection.destroy();
    await ours.diary.until("close");
    expect(ours.diary.lines).toHaveLength(4);
    expect(ours.diary.lines.slice(0, 2)).toEqual(["connect", "full"]);
    expect(ours.diary.lines[2]).toMatch(/^error (ECONNRESET|EPIPE) in transport$/);
    expect(ours.connection.send("late")).toBe("closed");
  });

  test("a connection closes as it is disposed, and the disposal waits for it", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    {
      await using connection = ours.connection;
      connection.send("bye");
    }
    expect(ours.diary.lines).toEqual(["connect", "close"]);
    await theirs.diary.until("close");
    expect(theirs.diary.lines).toContain("message bye");
  });

  test("both sides close at once", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    ours.connection.close("a");
    theirs.connection.close("b");
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(ours.diary.lines).toEqual(["connect", "close"]);
    expect(theirs.diary.lines).toEqual(["connect", "close"]);
  });
});

describe("messages after a close", () => {
  test("are not delivered, also when they came in the same chunk", () => {
    const { connection, transport, diary } = overFake({
      codec: lines(),
      onMessage: (connection) => connection.close(),
    });
    transport.receive("one\ntwo\nthree\n");
    transport.receive("four\n");
    expect(diary.lines).toEqual(["connect", "message one"]);
    expect(connection.state).toBe("ending");
  });

  test("are not delivered after destroy either", async () => {
    const { transport, diary } = overFake({
      codec: lines(),
      onMessage: (connection) => connection.destroy(),
    });
    transport.receive("one\ntwo\nthree\n");
    await settled();
    expect(diary.lines).toEqual(["connect", "message one", "close"]);
  });

  test("are not delivered when they wait for a handler", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { connection, transport, diary } = overFake({ codec: lines(), onMessage: () => promise });
    transport.receive("one\ntwo\n");
    connection.close();
    resolve();
    await settled();
    expect(diary.lines).toEqual(["connect", "message one"]);
  });

  test("cannot be sent", () => {
    const { connection, transport } = overFake({ codec: lines() });
    connection.close();
    expect(connection.send("late")).toBe("closed");
    expect(connection.sendRaw("late")).toBe("closed");
    connection.close("later");
    expect(transport.written).toBe("");
  });
});

describe("a close that the peer does not answer", () => {
  test("lingers for its end, then cuts, and nobody is told of an error", async () => {
    const { clock, loop } = atRest();
    const { connection, transport, diary } = overFake({ codec: lines(), loop, lingerTimeout: 2000 });
    connection.close("bye");
    expect(transport.written).toBe("bye\n");
    expect(transport.hasEnded).toBe(true);
    clock.advance(1999);
    expect(transport.isDestroyed).toBe(false);
    clock.advance(502);
    expect(transport.isDestroyed).toBe(true);
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
  });

  test("reads while it lingers, and throws away what it reads", () => {
    const { loop } = atRest();
    const { connection, transport, diary } = overFake({ codec: lines(), loop });
    connection.pauseRecv();
    expect(transport.isPaused).toBe(true);
    connection.close();
    expect(transport.isPaused).toBe(false);
    transport.receive("more\n".repeat(50_000));
    expect(connection.recvBufferSize).toBe(0);
    expect(transport.isPaused).toBe(false);
    expect(diary.lines).toEqual(["connect"]);
  });

  test("waits no longer than closeTimeout for a peer that does not read, says so, and cuts", async () => {
    const { clock, loop } = atRest();
    const { connection, transport, diary } = overFake({ codec: lines(), loop, closeTimeout: 30_000 });
    transport.room = 2;
    connection.close("hello");
    clock.advance(29_999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(502);
    await settled();
    expect(diary.lines).toEqual(["connect", "error CLOSE_TIMEOUT in deadline", "close"]);
    expect(String(diary.errors[0])).toContain("4 bytes wait");
  });

  test("has a linger of its own after a slow flush", () => {
    const { clock, loop } = atRest();
    const { connection, transport } = overFake({
      codec: lines(),
      loop,
      closeTimeout: 30_000,
      lingerTimeout: 2000,
    });
    transport.room = 2;
    connection.close("hello");
    clock.advance(20_000);
    transport.take();
    clock.advance(1999);
    expect(transport.isDestroyed).toBe(false);
    clock.advance(502);
    expect(transport.isDestroyed).toBe(true);
  });

  test("closes within closeTimeout also when the codec's goodbye stays without answer", async () => {
    const { clock, loop } = atRest();
    const { connection, transport, diary } = overFake({ codec: parting(), loop, closeTimeout: 1000 });
    connection.close("last");
    await settled();
    expect(transport.written).toBe("last\nbye close\n");
    expect(transport.hasEnded).toBe(false);
    clock.advance(1502);
    await settled();
    expect(diary.lines).toEqual(["connect", "error CLOSE_TIMEOUT in deadline", "close"]);
  });
});

describe("close in each state", () => {
  test("opening: what was accepted still goes out when the handshake is done", async () => {
    const { connection, transport, diary } = overFake({ codec: greeting() });
    expect(connection.state).toBe("opening");
    connection.send("one");
    connection.close("two");
    expect(connection.state).toBe("closing");
    expect(connection.send("three")).toBe("closed");
    transport.receive("hello\nignored\n");
    expect(transport.written).toBe("hello\none\ntwo\n");
    expect(transport.hasEnded).toBe(true);
    transport.handler.peerEnded();
    transport.handler.gone();
    await settled();
    expect(diary.count("close")).toBe(diary.count("connect"));
  });

  test("opening: something waits, and the peer never speaks: the deadline cuts", () => {
    const { clock, loop } = atRest();
    const { connection, transport, diary } = overFake({ codec: greeting(), loop, closeTimeout: 1000 });
    connection.close("something");
    clock.advance(1502);
    expect(transport.isDestroyed).toBe(true);
    expect(diary.lines).toEqual(["error CLOSE_TIMEOUT in deadline"]);
  });

  test("opening: nothing waits: our side ends at once, and what the peer says then opens nothing", async () => {
    const { connection, transport, diary } = overFake({ codec: greeting() });
    connection.close();
    expect(transport.hasEnded).toBe(true);
    transport.receive("hello\nlate\n");
    transport.handler.peerEnded();
    transport.handler.gone();
    await settled();
    expect(connection.state).toBe("closed");
    expect(diary.lines).toEqual([]);
  });

  test("opening: a handshake that fails meanwhile ends it at once", () => {
    const { connection, transport } = overFake({ codec: greeting() });
    connection.send("never");
    connection.close();
    transport.receive("go away\n");
    expect(connection.state).toBe("ending");
    expect(transport.hasEnded).toBe(true);
    expect(transport.written).not.toContain("never");
  });

  test("closing and ending: nothing more happens", async () => {
    const { connection, transport } = overFake({ codec: parting() });
    connection.close();
    expect(connection.state).toBe("closing");
    connection.close("again");
    await settled();
    expect(transport.written).toBe("bye close\n");
    transport.receive("bye\n");
    expect(connection.state).toBe("ending");
    connection.close("and again");
    expect(transport.written).toBe("bye close\n");
  });

  test("closed: nothing more happens", async () => {
    const { connection, diary } = overFake({ codec: lines() });
    connection.destroy();
    await settled();
    connection.close("late");
    connection.closeWrite();
    connection.destroy(new Error("late"));
    connection.pauseRecv();
    connection.resumeRecv();
    await connection[Symbol.asyncDispose]();
    expect(diary.lines).toEqual(["connect", "close"]);
  });
});

describe("a goodbye of the codec", () => {
  test("goes out behind all messages, and the end when the peer has answered", async () => {
    const { connection, transport } = overFake({ codec: parting() });
    connection.send("one");
    connection.close("two");
    await settled();
    expect(transport.written).toBe("one\ntwo\nbye close\n");
    expect(transport.hasEnded).toBe(false);
    transport.receive("bye\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("the peer's goodbye is answered and ends the connection", async () => {
    const [ours, theirs] = await pair("memory", { codec: parting() }, { codec: parting() });
    ours.connection.close("last");
    await theirs.diary.until("close");
    await ours.diary.until("close");
    expect(theirs.diary.lines).toEqual(["connect", "message last", "close"]);
    expect(ours.diary.lines).toEqual(["connect", "close"]);
  });

  test("is said to a peer that has ended, and no answer awaited", () => {
    const { connection, transport } = overFake({ codec: parting() });
    transport.handler.peerEnded();
    expect(transport.written).toBe("bye close\n");
    expect(transport.hasEnded).toBe(true);
    expect(connection.state).toBe("ending");
  });

  test("is awaited no longer when the peer ends instead of answering", () => {
    const { connection, transport, diary } = overFake({ codec: parting() });
    connection.close();
    transport.handler.peerEnded();
    expect(transport.hasEnded).toBe(true);
    expect(diary.lines).toEqual(["connect"]);
  });
});

describe("an error", () => {
  test("given to destroy is told once, before the close", async () => {
    const { connection, diary } = overFake({ codec: lines() });
    connection.destroy(new Error("enough"));
    await settled();
    expect(diary.lines).toEqual(["connect", "error enough in transport", "close"]);
  });

  test("of the network after our last byte was taken is nobody's concern", async () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    connection.close("bye");
    transport.handler.gone(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
  });

  test("of the network while our last bytes wait is told", async () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    transport.room = 0;
    connection.close("bye");
    transport.handler.gone(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await settled();
    expect(diary.lines).toEqual(["connect", "error ECONNRESET in transport", "close"]);
  });
});

test("a connection that was destroyed before its handshake has neither connect nor close", async () => {
  const { connection, diary } = overFake({ codec: greeting() });
  connection.destroy();
  await settled();
  expect(diary.lines).toEqual([]);
  expect(connection.state).toBe("closed");
});

test("addresses, counters and context stay known after the close", async () => {
  const [ours, theirs] = await pair("tcp", { codec: lines() }, { codec: lines() });
  ours.connection.context.name = "ours";
  ours.connection.send("12345");
  ours.connection.close();
  await theirs.diary.until("close");
  await ours.diary.until("close");
  expect(ours.connection.remoteAddress).toBe("127.0.0.1");
  expect(ours.connection.remotePort).toBe(theirs.connection.localPort);
  expect(ours.connection.getRemoteAddress()).toBe(`127.0.0.1:${theirs.connection.localPort}`);
  expect(ours.connection.bytesWritten).toBe(6);
  expect(theirs.connection.bytesRead).toBe(6);
  expect(ours.connection.context).toEqual({ name: "ours" });
});
