import { randomBytes } from "node:crypto";
import type { Bytes, CodecFactory } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConnectionOptions, connect, listen, raw } from "../src/index.ts";
import { boxed, greeting, lines, sized } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { anyAddress } from "./support/net-pair.ts";
import { pair, type Wire, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";
import { Tally } from "./support/tally.ts";

type Options<In, Out> = ConnectionOptions<In, Out, never, Record<string, unknown>>;

/** A client and a server, each at the far end of a wire, and between them a proxy made of two pipes. */
async function proxied<In, Out>(
  wire: Wire,
  clientOptions: Options<In, Out>,
  serverOptions: Options<In, Out>,
  codecs: { inner: CodecFactory<In, Out>; outer: CodecFactory<In, Out> },
) {
  const [client, inner] = await pair(wire, clientOptions, {
    codec: codecs.inner,
    maxSendBufferSize: 100_000,
  });
  const [server, outer] = await pair(wire, serverOptions, {
    codec: codecs.outer,
    maxSendBufferSize: 100_000,
  });
  // What is received can be sent: the types of the toys say it each way.
  inner.connection.pipe(outer.connection as never);
  outer.connection.pipe(inner.connection as never);
  return { client, inner, outer, server };
}

const bare = { inner: raw(), outer: raw() };

describe.each(wires)("a proxy over %s", (wire) => {
  test("carries messages between codecs that differ", async () => {
    const { client, server } = await proxied(
      wire,
      { codec: lines() },
      { codec: boxed(), onMessage: (connection, line) => connection.send(`${line}, too`) },
      { inner: lines(), outer: boxed() },
    );
    client.connection.send("one");
    client.connection.send("two");
    await client.diary.until("message two, too");
    expect(client.diary.lines).toEqual(["connect", "message one, too", "message two, too"]);
    expect(server.diary.lines).toEqual(["connect", "message one", "message two"]);
  });

  test("carries bytes, and the end of each side by itself", async () => {
    const { client, inner, outer, server } = await proxied(
      wire,
      { codec: raw(), allowHalfOpen: true },
      {
        codec: raw(),
        allowHalfOpen: true,
        onEnd(connection) {
          connection.send("an answer, ");
          connection.close("after the end");
        },
      },
      bare,
    );
    client.connection.closeWrite("a question");
    await client.diary.until("end");
    await client.diary.until("close");
    await server.diary.until("close");
    expect(server.diary.lines).toEqual(["connect", "message a question", "end", "close"]);
    expect(client.diary.lines).toEqual(["connect", "message an answer, after the end", "end", "close"]);
    await inner.diary.until("close");
    await outer.diary.until("close");
    expect(inner.diary.lines).toEqual(["connect", "close"]);
    expect(outer.diary.lines).toEqual(["connect", "close"]);
  });

  test("closes one side when the other is lost", async () => {
    const { client, inner, outer, server } = await proxied(wire, { codec: raw() }, { codec: raw() }, bare);
    client.connection.send("x");
    await server.diary.until("message x");
    server.connection.destroy();
    await client.diary.until("close");
    await inner.diary.until("close");
    await outer.diary.until("close");
    // Memory has no cut that looks like an end.
    const loss = wire === "memory" ? ["error ECONNRESET in transport"] : [];
    expect(client.diary.lines).toEqual(["connect", ...loss, "close"]);
  });

  // A kernel has no reset for unix sockets.
  test.skipIf(wire === "unix")("passes a reset on, for bytes do not say whether they are all", async () => {
    const { client, server } = await proxied(wire, { codec: raw() }, { codec: raw() }, bare);
    server.connection.send("half of it");
    await client.diary.until("message half of it");
    server.connection.destroy(new Error("no more paper"));
    await client.diary.until("close");
    expect(client.diary.lines.slice(2)).toEqual(["error ECONNRESET in transport", "close"]);
  });

  test("passes the loss of messages on as a close: each of them is whole", async () => {
    const { client, server } = await proxied(
      wire,
      { codec: lines() },
      { codec: lines() },
      { inner: lines(), outer: lines() },
    );
    server.connection.send("a line");
    await client.diary.until("message a line");
    server.connection.destroy(new Error("no more paper"));
    await client.diary.until("close");
    expect(client.diary.lines.slice(2)).toEqual(["close"]);
  });

  test("makes a quick sender wait for a slow reader, and drops nothing", async () => {
    const size = 16 * 1024 * 1024;
    const sent = Buffer.alloc(size, "abcdefg");
    const tally = new Tally();
    const { client, inner, outer, server } = await proxied(
      wire,
      { codec: raw(), maxSendBufferSize: Infinity },
      { codec: raw(), onMessage: (_, chunk) => tally.add(chunk) },
      bare,
    );
    server.connection.pauseRecv();
    client.connection.send(sent);
    await outer.diary.until("full");
    for (let i = 0; i < 20; i++) await settled();
    // One chunk may pass the limit, and a kernel may take the rest of the chunk at hand.
    expect(outer.connection.sendBufferSize).toBeLessThan(100_000 + 2 * 64 * 1024);
    expect(inner.connection.recvBufferSize).toBeLessThanOrEqual(128 * 1024);
    expect(client.connection.sendBufferSize).toBeGreaterThan(0);
    client.connection.close();
    server.connection.resumeRecv();
    await server.diary.until("close");
    expect(outer.connection.dropped).toBe(0);
    expect(tally.size).toBe(size);
    const expected = new Tally();
    expected.add(sent);
    expect(tally.digest()).toBe(expected.digest());
  });
});

test("whatever is sent each way, in whatever chunks and at whatever pace, all of it arrives before the end", () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 50_000 }));
  const anyStep = fc.record({
    do: fc.constantFrom("send", "send", "send", "pause", "resume", "settle"),
    who: fc.nat(1),
    size,
  });
  return fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40, size: "max" }), fc.nat(1), async (steps, first) => {
      const received: Buffer[][] = [[], []];
      const options = (who: number): Options<Buffer, Bytes> => ({
        codec: raw(),
        maxSendBufferSize: Infinity,
        allowHalfOpen: true,
        onMessage: (_, chunk) => received[who]!.push(chunk),
      });
      const { client, server, inner, outer } = await proxied("memory", options(0), options(1), bare);
      const ends = [client, server];
      const sent: Buffer[][] = [[], []];
      for (const step of steps) {
        const { connection } = ends[step.who]!;
        if (step.do === "settle") await settled();
        else if (step.do === "pause") connection.pauseRecv();
        else if (step.do === "resume") connection.resumeRecv();
        else {
          const bytes = randomBytes(step.size);
          connection.send(bytes);
          sent[step.who]!.push(bytes);
        }
      }
      ends[first]!.connection.closeWrite();
      await settled();
      for (const { connection } of ends) connection.resumeRecv();
      await ends[1 - first]!.diary.until("end");
      ends[1 - first]!.connection.closeWrite();
      await settled();
      expect(Buffer.concat(received[1]!).equals(Buffer.concat(sent[0]!))).toBe(true);
      expect(Buffer.concat(received[0]!).equals(Buffer.concat(sent[1]!))).toBe(true);
      for (const { connection } of [client, server, inner, outer]) expect(connection.state).toBe("closed");
    }),
    { numRuns: 30 },
  );
});

test("16 MiB each way through a proxy of two real sockets, one side slow, arrive whole", async () => {
  const size = 16 * 1024 * 1024;
  const upstream = new Tally();
  const { promise: upstreamEnd, resolve } = Promise.withResolvers<unknown>();
  await using target = await listen(anyAddress("tcp"), {
    allowHalfOpen: true,
    onEnd: resolve,
    onConnect(connection) {
      void (async () => {
        for (let sent = 0; sent < size; sent += 65_536) {
          connection.send(Buffer.alloc(65_536, sent >> 16));
          await connection.drained();
        }
        connection.closeWrite();
      })();
    },
    async onMessage(connection, chunk) {
      upstream.add(chunk);
      connection.pauseRecv();
      await settled();
      connection.resumeRecv();
    },
  });
  await using proxy = await listen(anyAddress("tcp"), {
    async onConnect(inner) {
      const outer = await connect(target.address);
      inner.pipe(outer);
      outer.pipe(inner);
    },
  });
  const client = await connect(proxy.address, { allowHalfOpen: true, maxSendBufferSize: Infinity });
  const downstream = new Tally();
  const reading = (async () => {
    for await (const chunk of client) downstream.add(chunk);
  })();
  for (let sent = 0; sent < size; sent += 65_536) client.send(Buffer.alloc(65_536, 255 - (sent >> 16)));
  client.closeWrite();
  await Promise.all([reading, upstreamEnd]);
  await client[Symbol.asyncDispose]();
  await proxy.close();
  await target.close();

  const expected = { up: new Tally(), down: new Tally() };
  for (let sent = 0; sent < size; sent += 65_536) {
    expected.up.add(Buffer.alloc(65_536, 255 - (sent >> 16)));
    expected.down.add(Buffer.alloc(65_536, sent >> 16));
  }
  expect([upstream.size, downstream.size]).toEqual([size, size]);
  expect(upstream.digest()).toBe(expected.up.digest());
  expect(downstream.digest()).toBe(expected.down.digest());
  expect(proxy.stats()).toMatchObject({ dropped: 0, errors: 0 });
});

describe("the destination", () => {
  const fakes = () => ({
    from: overFake({ codec: lines() }),
    to: overFake({ codec: lines(), maxSendBufferSize: 10 }),
  });

  test("full stops the source, drained lets it go on", () => {
    const { from, to } = fakes();
    to.transport.room = 0;
    expect(from.connection.pipe(to.connection)).toBe(to.connection);
    from.transport.receive("12345\n1234\n6\n7\n");
    expect(from.transport.isPaused).toBe(true);
    expect(to.connection.sendBufferSize).toBe(11);
    to.transport.take(10);
    expect(from.transport.isPaused).toBe(true);
    to.transport.take();
    expect(from.transport.isPaused).toBe(false);
    to.connection.close();
    to.transport.take();
    expect(to.transport.taken.toString()).toBe("12345\n1234\n6\n7\n");
    expect(to.connection.dropped).toBe(0);
  });

  test("tells full and drained in turn, also when the pipe fills it again at once", () => {
    const { from, to } = fakes();
    to.transport.room = 0;
    from.connection.pipe(to.connection);
    from.transport.receive("1234567890\n".repeat(4));
    for (let i = 0; i < 4; i++) to.transport.take("1234567890\n".length);
    const edges = to.diary.lines.slice(1);
    expect(edges.length).toBeGreaterThan(2);
    expect(edges).toEqual(edges.map((_, i) => (i % 2 === 0 ? "full" : "drain")));
  });

  test("filled again by its own handler does not let the source go on", () => {
    const from = overFake({ codec: lines() });
    const to = overFake({
      codec: lines(),
      maxSendBufferSize: 10,
      onBufferDrain(connection) {
        connection.send("from the handler");
      },
    });
    to.transport.room = 0;
    from.connection.pipe(to.connection);
    from.transport.receive("1234567890\nnext\n");
    to.transport.take("1234567890\n".length);
    expect(from.transport.isPaused).toBe(true);
    expect(to.connection.sendBufferSize).toBe("from the handler\n".length);
  });

  test("lost closes the source, once what the source had to say is written", async () => {
    const { from, to } = fakes();
    from.connection.pipe(to.connection);
    from.connection.send("last words");
    to.transport.handler.gone(new Error("reset"));
    await settled();
    expect(from.transport.written).toBe("last words\n");
    expect(from.transport.hasEnded).toBe(true);
    expect(to.diary.lines).toEqual(["connect", "error reset in transport", "close"]);
  });

  test("closed before the pipe was made closes the source at once, instead of losing its messages", async () => {
    const { from, to } = fakes();
    to.connection.destroy();
    await settled();
    from.connection.pipe(to.connection);
    from.transport.receive("one\n");
    expect(from.transport.hasEnded).toBe(true);
  });

  test("that takes nothing any more closes the source, instead of losing its messages", () => {
    const { from, to } = fakes();
    from.connection.pipe(to.connection);
    to.connection.closeWrite();
    from.transport.receive("one\n");
    expect(from.transport.hasEnded).toBe(true);
  });

  test("of two pipes takes the messages of both, and the end of one closes the other", () => {
    const { from, to } = fakes();
    const other = overFake({ codec: lines() });
    from.connection.pipe(to.connection);
    other.connection.pipe(to.connection);
    from.transport.receive("one\n");
    other.transport.receive("two\n");
    from.transport.handler.peerEnded();
    expect(to.transport.written).toBe("one\ntwo\n");
    expect(to.transport.hasEnded).toBe(true);
    expect(other.transport.hasEnded).toBe(true);
  });

  test("with a handshake to go gets all that came meanwhile, when it is done", async () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: greeting(), maxSendBufferSize: 5 });
    from.connection.pipe(to.connection);
    from.transport.receive("12345\n2\n3\n");
    from.transport.handler.peerEnded();
    to.transport.receive("hello\n");
    await settled();
    expect(to.transport.written).toBe("hello\n12345\n2\n3\n");
    expect(to.transport.hasEnded).toBe(true);
  });

  test("whose codec cannot tell a message is a fault of the pipe, which closes both", () => {
    const from = overFake({ codec: boxed() });
    const to = overFake({ codec: lines() });
    from.connection.pipe(to.connection);
    from.transport.handler.received(Buffer.from("\0\0\0\x03a\nb", "latin1"));
    expect(from.diary.lines).toEqual(["connect", "error a message is one line in onMessage"]);
    expect(from.transport.hasEnded).toBe(true);
    expect(to.transport.hasEnded).toBe(true);
  });

  test("whose codec keeps a chunk back for later still has its bytes then", async () => {
    const keeping: CodecFactory<Buffer, Buffer> = () => {
      let kept: Buffer = Buffer.alloc(0);
      return {
        input: (buffer) => buffer.length,
        decode: (frame) => Buffer.from(frame),
        encode(message) {
          const last = kept;
          kept = message;
          return last;
        },
      };
    };
    const from = overFake({ codec: raw() });
    const to = overFake({ codec: keeping });
    from.connection.pipe(to.connection);
    // Chunks that own their memory, as those of a socket do.
    for (const letter of "abc") from.transport.handler.received(ownChunk(20_000, letter));
    await settled();
    expect(to.transport.taken.toString()).toBe("a".repeat(20_000) + "b".repeat(20_000));
  });
});

describe("the source", () => {
  test("ended ends the destination behind all that came, and closes", () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines() });
    from.connection.pipe(to.connection);
    from.transport.receive("one\n");
    from.transport.handler.peerEnded();
    expect(to.transport.written).toBe("one\n");
    expect(to.transport.hasEnded).toBe(true);
    expect(to.connection.state).toBe("ending");
    expect(from.transport.hasEnded).toBe(true);
  });

  test("ended leaves the destination open for answers that go elsewhere", async () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines() });
    from.connection.pipe(to.connection);
    from.transport.receive("question\n");
    from.transport.handler.peerEnded();
    from.transport.handler.gone();
    await settled();
    to.transport.receive("answer\n");
    expect(from.diary.lines).toEqual(["connect", "close"]);
    expect(to.diary.lines).toEqual(["connect", "message answer"]);
  });

  test("ended while it was made to wait ends the destination when all is through", () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines(), maxSendBufferSize: 5 });
    to.transport.room = 0;
    from.connection.pipe(to.connection);
    from.transport.receive("12345\n2\n3\n");
    from.transport.handler.peerEnded();
    expect(to.transport.hasEnded).toBe(false);
    to.transport.take();
    expect(to.transport.hasEnded).toBe(true);
    to.transport.take();
    expect(to.transport.taken.toString()).toBe("12345\n2\n3\n");
  });

  test("lost closes the destination, once all that came is written", () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines() });
    to.transport.room = 0;
    from.connection.pipe(to.connection);
    from.transport.receive("one\n");
    from.transport.handler.gone(new Error("reset"));
    expect(to.connection.state).toBe("ending");
    to.transport.take();
    expect(to.transport.taken.toString()).toBe("one\n");
    expect(from.diary.lines).toEqual(["connect", "error reset in transport", "close"]);
  });

  test("closed before the pipe was made closes the destination", async () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines() });
    from.connection.destroy();
    await settled();
    from.connection.pipe(to.connection);
    expect(to.transport.hasEnded).toBe(true);
  });

  test("whose peer ended before the pipe was made ends the destination", async () => {
    const from = overFake({ codec: lines(), allowHalfOpen: true });
    const to = overFake({ codec: lines() });
    from.transport.handler.peerEnded();
    expect(from.diary.lines).toEqual(["connect", "end"]);
    from.connection.pipe(to.connection);
    await settled();
    expect(to.transport.hasEnded).toBe(true);
    expect(from.transport.hasEnded).toBe(true);
  });

  test("whose peer ended before two pipes were made still gets the answers", async () => {
    const from = overFake({ codec: lines(), allowHalfOpen: true });
    const to = overFake({ codec: lines() });
    from.transport.handler.peerEnded();
    from.connection.pipe(to.connection);
    to.connection.pipe(from.connection);
    await settled();
    expect(to.transport.hasEnded).toBe(true);
    to.transport.receive("answer\n");
    to.transport.handler.peerEnded();
    expect(from.transport.written).toBe("answer\n");
    expect(from.transport.hasEnded).toBe(true);
  });

  test("that breaks its protocol closes both", () => {
    const from = overFake({ codec: sized(), maxPackageSize: 100 });
    const to = overFake({ codec: sized() });
    from.connection.pipe(to.connection);
    from.transport.receive("\x7f\x7f\x7f\x7f");
    from.transport.handler.gone();
    expect(from.diary.lines).toEqual(["connect", "error FRAME_TOO_LARGE in input", "close"]);
    expect(to.transport.hasEnded).toBe(true);
  });

  test("has its messages taken once: a second pipe, or an iteration, is a TypeError", async () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines() });
    from.connection.pipe(to.connection);
    expect(() => from.connection.pipe(to.connection)).toThrow(TypeError);
    await expect(from.connection[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
    from.transport.receive("one\n");
    await settled();
    expect(to.transport.written).toBe("one\n");
  });

  test("paused by its user stays paused when the destination has drained", () => {
    const from = overFake({ codec: lines() });
    const to = overFake({ codec: lines(), maxSendBufferSize: 1 });
    to.transport.room = 0;
    from.connection.pipe(to.connection);
    from.transport.receive("one\ntwo\n");
    from.connection.pauseRecv();
    to.transport.take();
    expect(to.transport.written).toBe("one\n");
    from.connection.resumeRecv();
    expect(to.transport.isPaused).toBe(false);
    to.connection.close();
    expect(to.transport.written).toBe("one\ntwo\n");
  });

  test("can be its own destination: an echo", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    connection.pipe(connection);
    transport.receive("one\ntwo\n");
    transport.handler.peerEnded();
    expect(transport.written).toBe("one\ntwo\n");
    expect(transport.hasEnded).toBe(true);
  });
});

function ownChunk(size: number, letter: string): Buffer {
  return Buffer.from(new ArrayBuffer(size)).fill(letter);
}
