import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { type Connection, connect, createEventLoop, listen, raw } from "../src/index.ts";
import { connectedPair } from "../src/memory.ts";
import { lines } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { anyAddress } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

/** A connection whose messages nobody takes yet, and what its peer can do. */
async function untaken(options = {}) {
  const diary = new Diary();
  const [connection, peer] = connectedPair(diary.keepButMessages({ codec: lines(), ...options }), {
    codec: lines(),
    allowHalfOpen: true,
    onMessage: (_, line) => peerHeard.push(line),
  });
  const peerHeard: string[] = [];
  await settled();
  return { connection, peer, diary, peerHeard };
}

async function collect(connection: Connection<string>): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of connection) seen.push(line);
  return seen;
}

test("messages come one by one, until the peer's end", async () => {
  const { connection, peer, diary } = await untaken();
  peer.send("one");
  peer.send("two");
  peer.close("three");
  expect(await collect(connection)).toEqual(["one", "two", "three"]);
  await settled();
  expect(diary.lines).toEqual(["connect", "close"]);
});

test("the next one is not asked for before the loop has done with the last", async () => {
  const { connection, transport } = overFake({ codec: raw() });
  const messages = connection[Symbol.asyncIterator]();
  setImmediate(() => transport.receive("one"));
  expect(await messages.next()).toEqual({ done: false, value: Buffer.from("one") });
  // The one behind it may be decoded, and no more than that; and the peer is read no further than 64 KiB.
  transport.receive("two");
  for (let i = 0; i < 16; i++) {
    expect(transport.isPaused).toBe(false);
    transport.receive("x".repeat(4096));
  }
  expect(connection.recvBufferSize).toBe(64 * 1024);
  expect(transport.isPaused).toBe(true);
  expect(await messages.next()).toEqual({ done: false, value: Buffer.from("two") });
});

test("a slow loop over tcp makes the peer wait, and loses nothing", async () => {
  const count = 300;
  const line = "x".repeat(10_000);
  await using server = await listen(anyAddress("tcp"), {
    codec: lines(),
    maxSendBufferSize: Infinity,
    onConnect(connection) {
      for (let i = 0; i < count; i++) connection.send(`${i} ${line}`);
      connection.close();
    },
  });
  const client = await connect(server.address, { codec: lines() });
  let next = 0;
  for await (const message of client) {
    expect(message.split(" ")[0]).toBe(String(next));
    next += 1;
    if (next % 50 === 0) await settled();
    expect(client.recvBufferSize).toBeLessThan(256 * 1024);
  }
  expect(next).toBe(count);
});

describe("a loop that is left early", () => {
  test("leaves the connection open; the next loop goes on where it stopped", async () => {
    const { connection, peer } = await untaken();
    for (const line of ["one", "two", "three"]) peer.send(line);
    for await (const line of connection) {
      expect(line).toBe("one");
      break;
    }
    expect(connection.state).toBe("open");
    peer.close("four");
    await settled();
    expect(await collect(connection)).toEqual(["two", "three", "four"]);
  });

  test("by an error, too", async () => {
    const { connection, peer } = await untaken();
    peer.send("one");
    peer.send("two");
    const failing = (async () => {
      for await (const _ of connection) throw new Error("oops");
    })();
    await expect(failing).rejects.toThrow("oops");
    expect(connection.state).toBe("open");
    for await (const line of connection) {
      expect(line).toBe("two");
      break;
    }
  });

  test("gives the messages behind it to onMessage, when there is one", async () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    transport.receive("zero\n");
    setImmediate(() => transport.receive("one\ntwo\nthree\n"));
    for await (const line of connection) {
      expect(line).toBe("one");
      break;
    }
    await settled();
    expect(diary.lines).toEqual(["connect", "message zero", "message two", "message three"]);
  });

  test("with messages behind it, and a peer that has ended: they wait, but not for ever", async () => {
    const clock = new ManualClock();
    const { connection, peer, diary } = await untaken({ closeTimeout: 30_000, loop: createEventLoop(clock) });
    peer.send("one");
    peer.close("two");
    await settled();
    for await (const _ of connection) break;
    await settled();
    expect(connection.state).toBe("open");
    clock.advance(30_502);
    await settled();
    expect(connection.state).toBe("closed");
    expect(diary.lines).toEqual(["connect", "error CLOSE_TIMEOUT in deadline", "close"]);
  });

  test("after the last message, when the peer has ended, closes as ever", async () => {
    const { connection, peer, diary } = await untaken();
    peer.close("one");
    await settled();
    for await (const _ of connection) break;
    await settled();
    expect(connection.state).toBe("closed");
    expect(diary.lines).toEqual(["connect", "close"]);
  });
});

describe("the end", () => {
  test("of the peer ends the loop behind all messages; half open, our side can still answer", async () => {
    const { connection, peer, peerHeard } = await untaken({ allowHalfOpen: true });
    peer.send("one");
    peer.closeWrite("two");
    expect(await collect(connection)).toEqual(["one", "two"]);
    expect(connection.send("answer")).toBe("sent");
    connection.close();
    await settled();
    expect(peerHeard).toEqual(["answer"]);
  });

  test("that was told before the loop began ends it at once", async () => {
    const { connection, peer } = await untaken({ allowHalfOpen: true });
    peer.closeWrite();
    await settled();
    expect(connection.state).toBe("open");
    expect(await collect(connection)).toEqual([]);
    connection.close();
  });

  test("comes after all answers to a question that ended our side", async () => {
    const { connection, peer } = await untaken();
    connection.closeWrite("question");
    for (const line of ["one", "two", "three"]) peer.send(line);
    peer.close();
    await settled();
    expect(await collect(connection)).toEqual(["one", "two", "three"]);
    expect(connection.state).toBe("closed");
  });

  test("by our own close ends the loop", async () => {
    const { connection, peer } = await untaken();
    peer.send("one");
    const seen: string[] = [];
    for await (const line of connection) {
      seen.push(line);
      peer.send("two");
      connection.close("bye");
    }
    expect(seen).toEqual(["one"]);
  });

  test("of a closed connection is where a loop begins", async () => {
    const { connection } = await untaken();
    connection.destroy();
    await settled();
    expect(await collect(connection)).toEqual([]);
  });
});

describe("what goes wrong comes out of the loop:", () => {
  test("a loss", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const collecting = collect(connection);
    const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
    transport.receive("one\n");
    await settled();
    transport.handler.gone(reset);
    await expect(collecting).rejects.toBe(reset);
  });

  test("a broken protocol: the messages may not have been all", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const rejected = expect(collect(connection)).rejects.toMatchObject({ code: "UNEXPECTED_END" });
    transport.receive("one\ntw");
    transport.handler.peerEnded();
    await rejected;
  });

  test("the error that the connection is destroyed with", async () => {
    const { connection } = overFake({ codec: lines() });
    const collecting = collect(connection);
    await settled();
    connection.destroy(new Error("enough"));
    await expect(collecting).rejects.toThrow("enough");
  });
});

test("two loops at once are a TypeError", async () => {
  const { connection, peer } = await untaken();
  const first = collect(connection);
  await expect(connection[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
  peer.close("one");
  expect(await first).toEqual(["one"]);
});

test("an iterator that is given back before its first message lets the next one begin", async () => {
  const { connection, peer } = await untaken();
  await connection[Symbol.asyncIterator]().return?.();
  peer.close("one");
  expect(await collect(connection)).toEqual(["one"]);
});
