import { describe, expect, test } from "vitest";
import { raw, toWebStreams } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

describe.each(wires)("over %s", (wire) => {
  test("4 MiB go through two transforms and a peer that echoes, and come back", async () => {
    const [ours, theirs] = await pair(wire, { codec: raw() }, { codec: raw() });
    const here = toWebStreams(ours.connection);
    const there = toWebStreams(theirs.connection);
    const sent = Buffer.alloc(4 * 1024 * 1024, "abc");
    const echoing = there.readable.pipeTo(there.writable as never);
    const sending = new Blob([sent])
      .stream()
      .pipeThrough(new CompressionStream("gzip"))
      .pipeTo(here.writable as never);
    const heard = here.readable.pipeThrough(new DecompressionStream("gzip") as never) as ReadableStream;
    const received = Buffer.from(await new Response(heard as never).arrayBuffer());
    await Promise.all([echoing, sending]);
    expect(received.equals(sent)).toBe(true);
    await Promise.all([ours.diary.until("close"), theirs.diary.until("close")]);
    expect([...ours.diary.lines, ...theirs.diary.lines].filter((line) => line.startsWith("error"))).toEqual(
      [],
    );
  });
});

function begin(options = {}) {
  const its = overFake({ codec: lines(), ...options });
  const streams = toWebStreams(its.connection);
  return { ...its, ...streams, reader: streams.readable.getReader(), writer: streams.writable.getWriter() };
}

test("messages are chunks", async () => {
  const { transport, reader, writer } = begin();
  transport.receive("one\ntwo\n");
  expect(await reader.read()).toEqual({ done: false, value: "one" });
  expect(await reader.read()).toEqual({ done: false, value: "two" });
  await writer.write("three");
  await settled();
  expect(transport.written).toBe("three\n");
});

describe("pressure", () => {
  test("of a reader that does not read stops the peer", async () => {
    const { transport, reader } = begin();
    for (let i = 0; i < 100; i++) transport.receive(`${"x".repeat(1023)}\n`);
    await settled();
    expect(transport.isPaused).toBe(true);
    for (let i = 0; i < 100; i++) expect((await reader.read()).done).toBe(false);
    expect(transport.isPaused).toBe(false);
  });

  test("of a peer that does not read stops the writer", async () => {
    const { transport, writer, connection } = begin({ maxSendBufferSize: 10 });
    transport.room = 0;
    const written = [writer.write("123456789"), writer.write("123456789")];
    let isReady = false;
    void writer.ready.then(() => {
      isReady = true;
    });
    await settled();
    expect(isReady).toBe(false);
    expect(connection.sendBufferSize).toBe(10);
    transport.take();
    await Promise.all(written);
    await writer.ready;
    expect(connection.dropped).toBe(0);
  });
});

describe("the end", () => {
  test("of the peer closes what is read, and the other way goes on", async () => {
    const { transport, reader, writer } = begin();
    transport.receive("last\n");
    transport.handler.peerEnded();
    expect(await reader.read()).toEqual({ done: false, value: "last" });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await writer.write("answer");
    await writer.close();
    expect(transport.written).toBe("answer\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("of what is written ends our side when all is out, and the other way goes on", async () => {
    const { transport, reader, writer } = begin();
    transport.room = 0;
    void writer.write("last");
    let isClosed = false;
    void writer.close().then(() => {
      isClosed = true;
    });
    await settled();
    expect(isClosed).toBe(false);
    transport.take();
    await settled();
    expect(isClosed).toBe(true);
    expect(transport.hasEnded).toBe(true);
    transport.receive("on we go\n");
    expect(await reader.read()).toEqual({ done: false, value: "on we go" });
  });

  test("by connection.close is that of both", async () => {
    const { connection, reader, writer } = begin();
    connection.close("bye");
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await expect(writer.write("late")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });
});

describe("a loss", () => {
  test("is the error of both", async () => {
    const { transport, reader, writer } = begin();
    transport.handler.gone(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await expect(reader.read()).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect(writer.closed).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("by connection.destroy too: what was heard is not all", async () => {
    const { connection, reader, writer } = begin();
    connection.destroy();
    await expect(reader.read()).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(writer.closed).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });
});

test("cancelling what is read closes the connection, in order", async () => {
  const { transport, reader, connection } = begin();
  connection.send("said before");
  await reader.cancel();
  await settled();
  expect(transport.written).toBe("said before\n");
  expect(transport.hasEnded).toBe(true);
  expect(transport.isDestroyed).toBe(false);
  transport.receive("late\n");
});

test.each([new Error("enough"), "enough"])("aborting what is written resets it (%s)", async (reason) => {
  const { transport, reader, writer } = begin();
  await writer.write("half");
  await writer.abort(reason);
  expect(transport.wasReset).toBe(true);
  await expect(reader.read()).rejects.toThrow();
});

test("messages that are taken already cannot be", () => {
  const { connection } = begin();
  expect(() => toWebStreams(connection)).toThrow(TypeError);
});
