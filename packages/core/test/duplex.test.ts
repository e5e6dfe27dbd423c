import { once } from "node:events";
import { type Duplex, PassThrough, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { describe, expect, test } from "vitest";
import { raw, toDuplex } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { nameOf } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

/** What a stream tells, one word each. */
function listenTo(stream: NodeJS.EventEmitter): string[] {
  const told: string[] = [];
  for (const event of ["end", "finish", "close"]) stream.on(event, () => told.push(event));
  stream.on("error", (error) => told.push(`error ${nameOf(error)}`));
  return told;
}

/** Unlike an iteration, it leaves the stream to itself at the end. */
async function readAll(stream: Duplex): Promise<unknown[]> {
  const chunks: unknown[] = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  await once(stream, "end");
  return chunks;
}

describe.each(wires)("over %s", (wire) => {
  test("messages go both ways, and each end by itself", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    const stream = toDuplex(ours.connection, { allowHalfOpen: true });
    const told = listenTo(stream);
    theirs.connection.closeWrite("question");
    expect(await stream[Symbol.asyncIterator]().next()).toEqual({ done: false, value: "question" });
    stream.write("one");
    stream.end("two");
    await theirs.diary.until("close");
    await ours.diary.until("close");
    expect(theirs.diary.lines).toEqual(["connect", "message one", "message two", "close"]);
    await settled();
    expect(told).not.toContain("error");
  });

  test("a pipeline carries 16 MiB through it and back, none of it lost", async () => {
    const size = 16 * 1024 * 1024;
    const [ours, theirs] = await pair(wire, { codec: raw() }, { codec: raw() });
    const stream = toDuplex(ours.connection);
    const echo = toDuplex(theirs.connection, { allowHalfOpen: true });
    const echoing = pipeline(echo, new PassThrough(), echo);
    let received = 0;
    const reading = (async () => {
      for await (const chunk of stream) received += chunk.length;
    })();
    const sending = pipeline(
      async function* () {
        for (let at = 0; at < size; at += 65_536) yield Buffer.alloc(65_536, at);
      },
      (async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) if (!stream.write(chunk)) await once(stream, "drain");
        stream.end();
      }) as never,
    );
    await Promise.all([sending, echoing, reading]);
    expect(received).toBe(size);
    await Promise.all([ours.diary.until("close"), theirs.diary.until("close")]);
    expect([...ours.diary.lines, ...theirs.diary.lines].filter((line) => line.startsWith("error"))).toEqual(
      [],
    );
  });
});

test("bytes go through transforms of Node's", async () => {
  const [ours, theirs] = await pair("tcp", { codec: raw() }, { codec: raw() });
  const heard: Buffer[] = [];
  await Promise.all([
    pipeline([Buffer.alloc(100_000, "x")], createGzip(), toDuplex(ours.connection, { allowHalfOpen: true })),
    pipeline(
      toDuplex(theirs.connection),
      createGunzip(),
      new Transform({ transform: (chunk, _, done) => done(null, chunk) }),
      async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) heard.push(chunk);
      },
    ),
  ]);
  expect(Buffer.concat(heard).equals(Buffer.alloc(100_000, "x"))).toBe(true);
  expect(theirs.connection.bytesRead).toBeLessThan(1000);
});

describe("pressure", () => {
  test("of a reader that does not read stops the peer", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const stream = toDuplex(connection);
    for (let i = 0; i < 100; i++) transport.receive(`${"x".repeat(1023)}\n`);
    expect(transport.isPaused).toBe(true);
    expect(stream.readableLength).toBeLessThanOrEqual(2);
    let count = 0;
    for await (const _ of stream) if (++count === 100) break;
    expect(count).toBe(100);
  });

  test("of a peer that does not read stops the writer", async () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 100 });
    transport.room = 0;
    const stream = toDuplex(connection);
    let written = 0;
    while (stream.write("123456789")) {
      written++;
      await settled();
      if (written > 50) break;
    }
    expect(written).toBeLessThanOrEqual(11);
    expect(connection.dropped).toBe(0);
    const drained = once(stream, "drain");
    transport.take();
    await drained;
    await settled();
    expect(transport.taken.length).toBe((written + 1) * 10);
  });
});

describe("the end", () => {
  test("of the peer ends the stream, and then our side, as with net", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const stream = toDuplex(connection);
    const told = listenTo(stream);
    transport.receive("last\n");
    transport.handler.peerEnded();
    await settled();
    expect(transport.hasEnded).toBe(false);
    expect(await readAll(stream)).toEqual(["last"]);
    await settled();
    expect(transport.hasEnded).toBe(true);
    transport.handler.gone();
    await settled();
    expect(told).toEqual(["end", "finish", "close"]);
  });

  test("what is still to be written at the peer's end is", async () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 10 });
    transport.room = 0;
    const stream = toDuplex(connection);
    listenTo(stream);
    stream.resume();
    for (let i = 0; i < 5; i++) stream.write("123456789");
    transport.handler.peerEnded();
    for (let i = 0; i < 8; i++) {
      await settled();
      transport.take(10);
    }
    transport.take();
    await settled();
    expect(transport.taken.length).toBe(50);
    expect(transport.hasEnded).toBe(true);
  });

  test("of the stream is ours, when all was written", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 0;
    const stream = toDuplex(connection, { allowHalfOpen: true });
    const told = listenTo(stream);
    stream.end("last");
    await settled();
    expect(told).toEqual([]);
    transport.take();
    await settled();
    expect(told).toEqual(["finish"]);
    expect(transport.hasEnded).toBe(true);
    transport.receive("we go on\n");
    expect(stream.read()).toBe("we go on");
  });

  test("by connection.close is the stream's, when what came was read", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const stream = toDuplex(connection);
    const told = listenTo(stream);
    transport.receive("one\n");
    connection.close("bye");
    expect(await readAll(stream)).toEqual(["one"]);
    await settled();
    expect(told).toEqual(["end", "finish", "close"]);
    expect(transport.written).toBe("bye\n");
  });
});

describe("a loss", () => {
  test("is the stream's error", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const told = listenTo(toDuplex(connection));
    transport.handler.gone(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await settled();
    expect(told).toEqual(["error ECONNRESET", "close"]);
  });

  test("by connection.destroy closes the stream, which has not ended", async () => {
    const { connection } = overFake({ codec: lines() });
    const told = listenTo(toDuplex(connection));
    connection.destroy();
    await settled();
    expect(told).toEqual(["close"]);
  });

  test("fails a pipeline", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const running = pipeline(toDuplex(connection), new PassThrough({ objectMode: true }).resume());
    transport.receive("one\n");
    await settled();
    connection.destroy();
    await expect(running).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
  });

  test("while a write waits for room is its error too", async () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 1 });
    transport.room = 0;
    const stream = toDuplex(connection);
    const told = listenTo(stream);
    stream.write("one");
    stream.write("two");
    await settled();
    connection.close();
    await settled();
    expect(told).toContain("error CONNECTION_CLOSED");
  });

  test("a peer that breaks the protocol is told so, though the stream is destroyed by it", async () => {
    const { connection, transport, diary } = overFake({
      codec: lines(() => ({ farewell() {} })),
      maxPackageSize: 5,
    });
    const told = listenTo(toDuplex(connection));
    transport.receive("much too long");
    await settled();
    expect(told).toEqual(["error FRAME_TOO_LARGE", "close"]);
    expect(diary.lines).toContain("error FRAME_TOO_LARGE in input");
    expect(transport.isDestroyed).toBe(false);
    expect(transport.hasEnded).toBe(true);
  });
});

describe("destroying the stream", () => {
  test("cuts the connection", async () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    toDuplex(connection).destroy();
    await settled();
    expect(transport.isDestroyed).toBe(true);
    expect(diary.lines).toEqual(["connect", "close"]);
  });

  test("with an error resets it: what the peer has is not all", async () => {
    const { connection, transport } = overFake({ codec: raw() });
    const source = async function* () {
      yield Buffer.from("half");
      await settled();
      throw new Error("no more paper");
    };
    await expect(pipeline(source, toDuplex(connection))).rejects.toThrow("no more paper");
    await settled();
    expect(transport.written).toBe("half");
    expect(transport.wasReset).toBe(true);
  });
});

test("a message that is null is refused", async () => {
  const { connection, transport, diary } = overFake({
    codec: lines(() => ({ decode: () => null as never })),
  });
  listenTo(toDuplex(connection));
  transport.receive("x\n");
  await settled();
  expect(diary.lines[1]).toContain("null");
});

test("messages that are taken already cannot be", () => {
  const { connection } = overFake({ codec: lines() });
  toDuplex(connection);
  expect(() => toDuplex(connection)).toThrow(TypeError);
  expect(() => toDuplex({} as never)).toThrow(TypeError);
});
