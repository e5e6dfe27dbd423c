import { ProtocolError } from "@sock/codec";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { connect, createEventLoop, listen, raw } from "../src/index.ts";
import { greeting, lines } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { anyAddress } from "./support/net-pair.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

test.each(wires)("a handshake over %s, and what was sent before it was done", async (wire) => {
  const [ours, theirs] = await pair(wire, { codec: greeting() }, { codec: greeting() });
  expect(ours.connection.state).toBe("opening");
  expect(ours.connection.send("one")).toBe("buffered");
  expect(ours.connection.send("two")).toBe("buffered");
  await theirs.diary.until("message two");
  expect(theirs.diary.lines).toEqual(["connect", "message one", "message two"]);
  expect(ours.diary.lines).toEqual(["connect"]);
  expect(ours.connection.state).toBe("open");
  expect(ours.connection.send("three")).toBe("sent");
  await theirs.diary.until("message three");
});

test("while the handshake goes on, nothing is encoded and nothing is told", () => {
  const { connection, transport, diary } = overFake({ codec: greeting() });
  connection.send("one");
  expect(transport.written).toBe("hello\n");
  expect(diary.lines).toEqual([]);
  expect(connection.sendBufferSize).toBe(3);
});

test("what was sent goes out before what onConnect sends", async () => {
  const { connection, transport } = overFake({
    codec: greeting(),
    onConnect: (connection) => connection.send("from onConnect"),
  });
  connection.send("early");
  connection.sendRaw("raw\n");
  transport.receive("hello\n");
  await settled();
  expect(transport.written).toBe("hello\nearly\nraw\nfrom onConnect\n");
});

test("what waits for the handshake is bounded; what is beyond is dropped, whole", async () => {
  const { connection, transport, diary } = overFake({ codec: greeting(), maxSendBufferSize: 10 });
  const answers = ["12345", "12345", "6", "7"].map((line) => connection.send(line));
  expect(answers).toEqual(["buffered", "buffered", "dropped", "dropped"]);
  const dropped = "error SEND_BUFFER_FULL in send";
  expect(diary.news()).toEqual(["full", dropped, dropped]);
  transport.receive("hello\n");
  await settled();
  expect(transport.written).toBe("hello\n12345\n12345\n");
  expect(diary.news()).toEqual(["connect", "drain"]);
});

test("a waiting message that cannot be told is reported, and those behind it go out", async () => {
  const { connection, transport, diary } = overFake({ codec: greeting() });
  connection.send("one");
  connection.send("no\nline");
  connection.send("three");
  transport.receive("hello\n");
  await settled();
  expect(transport.written).toBe("hello\none\nthree\n");
  expect(diary.lines).toEqual(["error a message is one line in encode", "connect"]);
  expect(connection.state).toBe("open");
});

test("drained, when nothing of what waited could be told", async () => {
  const { connection, transport, diary } = overFake({ codec: greeting(), maxSendBufferSize: 5 });
  await settled();
  connection.send("no\nline");
  const drained = connection.drained();
  transport.receive("hello\n");
  await drained;
  expect(diary.lines).toEqual(["full", "error a message is one line in encode", "connect", "drain"]);
});

test("several handshakes one after the other count as one", async () => {
  const codec = greeting(greeting());
  const [ours, theirs] = await pair("memory", { codec }, { codec });
  ours.connection.send("one");
  await settled();
  expect(theirs.diary.lines).toEqual(["connect", "message one"]);
  expect(ours.diary.lines).toEqual(["connect"]);
});

describe("a handshake that fails", () => {
  test("has its farewell sent and its error told, and neither connect nor close", async () => {
    const { connection, transport, diary } = overFake({ codec: greeting() });
    connection.send("never");
    transport.receive("go away\n");
    expect(transport.written).toBe("hello\nrude\n");
    expect(transport.hasEnded).toBe(true);
    transport.handler.gone();
    await settled();
    expect(diary.lines).toEqual(["error RUDE in decode"]);
    expect(connection.state).toBe("closed");
  });

  test("by the peer's end ends at once", async () => {
    const { connection, transport, diary } = overFake({ codec: greeting() });
    connection.send("never");
    transport.handler.peerEnded();
    await settled();
    expect(transport.hasEnded).toBe(true);
    expect(connection.state).toBe("ending");
    expect(transport.written).not.toContain("never");
    expect(diary.count("connect")).toBe(0);
  });

  test("leaves the server, which goes on", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), diary.keep({ codec: greeting() }));
    const rude = await connect(server.address, {
      codec: lines(),
      onMessage: (_, line) => diary.write(line),
    });
    rude.send("go away");
    await diary.until("rude");
    expect(diary.lines).toEqual(["hello", "error RUDE in decode", "rude"]);
    const polite = await connect(server.address, { codec: greeting() });
    polite.send("one");
    await diary.until("message one");
    await rude[Symbol.asyncDispose]();
    await polite[Symbol.asyncDispose]();
    await server.close();
    expect(server.connections.size).toBe(0);
    expect(server.stats()).toMatchObject({ connections: 0, opened: 2, errors: 1 });
  });
});

describe("connect", () => {
  test("resolves after the handshake", async () => {
    await using server = await listen(anyAddress("tcp"), {
      codec: greeting(),
      onConnect: (connection) => connection.send("welcome"),
    });
    const connection = await connect(server.address, { codec: greeting() });
    expect(connection.state).toBe("open");
    for await (const line of connection) {
      expect(line).toBe("welcome");
      break;
    }
    await connection[Symbol.asyncDispose]();
  });

  test("rejects with the error of a handshake that fails, as soon as it has failed", async () => {
    await using server = await listen(anyAddress("tcp"), {
      onConnect: (connection) => connection.send("go away\n"),
    });
    const loop = createEventLoop(new ManualClock());
    const connecting = connect(server.address, { codec: greeting(), loop });
    await expect(connecting).rejects.toSatisfy(ProtocolError.is);
    await expect(connecting).rejects.toMatchObject({ code: "RUDE" });
  });

  test("rejects when the server ends within the handshake", async () => {
    await using server = await listen(anyAddress("tcp"), { onConnect: (connection) => connection.close() });
    const connecting = connect(server.address, { codec: greeting() });
    await expect(connecting).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  test("rejects when the server cuts within the handshake", async () => {
    await using server = await listen(anyAddress("tcp"), {
      onMessage: (connection) => connection.destroy(),
    });
    await expect(connect(server.address, { codec: greeting() })).rejects.toThrow();
  });

  test("rejects when the handshake takes too long", async () => {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    await using server = await listen(anyAddress("tcp"), {
      codec: raw(),
      onConnect: resolve,
      onMessage: resolve,
    });
    const connecting = connect(server.address, {
      codec: greeting(),
      timeout: 5000,
      loop: createEventLoop(clock),
    });
    const rejected = expect(connecting).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    await promise;
    clock.advance(5000);
    await rejected;
    expect(clock.pending).toBe(0);
  });

  test("rejects with the reason of its signal within the handshake", async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), diary.keep({ codec: raw(), onMessage: resolve }));
    const control = new AbortController();
    const connecting = connect(server.address, { codec: greeting(), signal: control.signal });
    const rejected = expect(connecting).rejects.toThrow("enough");
    await promise;
    control.abort(new Error("enough"));
    await rejected;
    await diary.until("close");
  });
});
