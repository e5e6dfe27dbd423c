import type { Bytes, CodecFactory } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { streamed } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

/** A stream of `pieces`, which knows how far it was pulled and whether it was ended. */
function source(pieces: readonly Bytes[]) {
  const state = { pulled: 0, isOver: false };
  async function* stream(): AsyncGenerator<Bytes> {
    try {
      for (const piece of pieces) {
        state.pulled += 1;
        yield piece;
      }
    } finally {
      state.isOver = true;
    }
  }
  return { state, stream: stream() };
}

function broken(): AsyncIterable<Bytes> {
  return (async function* () {
    yield "one ";
    throw new Error("no more paper");
  })();
}

test("its pieces go out in order, and what is sent later behind it, unencoded until then", async () => {
  const { connection, transport } = overFake({ codec: streamed() });
  connection.send("before");
  expect(connection.send(source(["one ", ["tw", "o "], Buffer.from("three\n")]).stream)).toBe("buffered");
  expect(connection.send("after")).toBe("buffered");
  expect(connection.send(source(["four\n"]).stream)).toBe("buffered");
  expect(connection.sendRaw("last\n")).toBe("buffered");
  await settled();
  expect(transport.written).toBe("before\none two three\nafter\nfour\nlast\n");
  expect(connection.sendBufferSize).toBe(0);
  expect(connection.send("again")).toBe("sent");
});

test("it is pulled no faster than the peer reads", async () => {
  const { connection, transport, diary } = overFake({ codec: streamed(), maxSendBufferSize: 10 });
  const { state, stream } = source(Array.from({ length: 6 }, () => "12345"));
  transport.room = 0;
  connection.send(stream);
  await settled();
  expect(state.pulled).toBe(2);
  expect(connection.sendBufferSize).toBe(10);
  transport.take(9);
  await settled();
  expect(state.pulled).toBe(2);
  transport.take(1);
  transport.room = 0;
  await settled();
  expect(state.pulled).toBe(4);
  transport.take();
  await settled();
  expect(state).toEqual({ pulled: 6, isOver: true });
  expect(diary.lines.slice(0, 3)).toEqual(["connect", "full", "drain"]);
});

test.each([
  ["many small pieces", "x", 200],
  ["few large ones", "x".repeat(100_000), 10],
])(
  "others get their turn while one goes on that has %s at hand, and a peer who takes them at once",
  async (_, piece, most) => {
    const { connection, transport } = overFake({ codec: streamed() });
    const { state, stream } = source(Array.from({ length: 5000 }, () => piece));
    connection.send(stream);
    await settled();
    expect(state.pulled).toBeLessThan(most);
    // Whoever goes meanwhile is noticed.
    transport.handler.gone(new Error("reset"));
    await settled();
    expect(state).toEqual({ pulled: expect.any(Number), isOver: true });
    expect(state.pulled).toBeLessThan(2 * most);
  },
);

test("it is not pulled on by what else goes out while the peer does not read", async () => {
  const ponging: CodecFactory<string, AsyncIterable<Bytes>> = (link) => ({
    input: (buffer) => buffer.length,
    decode(frame) {
      link.reply(frame);
      return undefined;
    },
    encode: (message) => message,
  });
  const { connection, transport } = overFake({ codec: ponging, maxSendBufferSize: 10 });
  const { state, stream } = source(Array.from({ length: 9 }, () => "12345"));
  transport.room = 0;
  connection.send(stream);
  await settled();
  for (let i = 0; i < 5; i++) {
    transport.receive("ping");
    await settled();
  }
  expect(state.pulled).toBe(2);
});

test("full and drained alternate meanwhile", async () => {
  const { connection, transport, diary } = overFake({ codec: streamed(), maxSendBufferSize: 10 });
  transport.room = 0;
  connection.send(source(Array.from({ length: 9 }, () => "12345")).stream);
  connection.send("x");
  for (let i = 0; i < 10; i++) {
    await settled();
    transport.take(10);
    transport.room = 0;
  }
  await settled();
  const edges = diary.lines.slice(1);
  expect(edges).toEqual(edges.map((_, i) => (i % 2 === 0 ? "full" : "drain")));
  expect(edges.at(-1)).toBe("drain");
});

test("what waits behind it counts, and beyond the limit is dropped", async () => {
  const { connection, transport } = overFake({ codec: streamed(), maxSendBufferSize: 10 });
  const { promise, resolve } = Promise.withResolvers<Bytes>();
  connection.send(
    (async function* () {
      yield await promise;
    })(),
  );
  expect(["12345", "12345", "6", "7"].map((line) => connection.send(line))).toEqual([
    "buffered",
    "buffered",
    "dropped",
    "dropped",
  ]);
  resolve("stream\n");
  await settled();
  expect(transport.written).toBe("stream\n12345\n12345\n");
  expect(connection.send("8")).toBe("sent");
});

test("drained waits for its end", async () => {
  const { connection, transport } = overFake({ codec: streamed() });
  const { promise, resolve } = Promise.withResolvers<Bytes>();
  connection.send(
    (async function* () {
      yield "early ";
      yield await promise;
    })(),
  );
  let isDrained = false;
  const drained = connection.drained().then(() => {
    isDrained = true;
  });
  await settled();
  expect(transport.written).toBe("early ");
  expect(isDrained).toBe(false);
  resolve("late\n");
  await drained;
});

test("an empty stream sends nothing and holds back nothing", async () => {
  const { connection, transport } = overFake({ codec: streamed() });
  connection.send(source([]).stream);
  connection.send(source(["", []]).stream);
  connection.send("after");
  await connection.drained();
  expect(transport.written).toBe("after\n");
});

describe("a stream that fails", () => {
  test("is told, and its connection cut: the peer has seen a part of a message", async () => {
    const { connection, transport, diary } = overFake({ codec: streamed() });
    connection.send(broken());
    connection.send("after");
    await settled();
    expect(diary.lines).toEqual(["connect", "error no more paper in stream", "close"]);
    expect(transport.isDestroyed).toBe(true);
    expect(transport.written).not.toContain("after");
  });

  test("after the connection went, is nobody's concern any more", async () => {
    const { connection, diary } = overFake({ codec: streamed() });
    const { promise, reject } = Promise.withResolvers<Bytes>();
    connection.send(
      (async function* () {
        yield await promise;
      })(),
    );
    connection.destroy();
    await settled();
    reject(new Error("too late"));
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
  });
});

describe("the end of a connection", () => {
  test("waits for the stream at a close", async () => {
    const { connection, transport } = overFake({ codec: streamed() });
    const { state, stream } = source(["one ", "two\n"]);
    connection.send(stream);
    connection.close("after");
    expect(connection.state).toBe("closing");
    await settled();
    expect(transport.written).toBe("one two\nafter\n");
    expect(transport.hasEnded).toBe(true);
    expect(state.isOver).toBe(true);
  });

  test.each<[string, (its: ReturnType<typeof overFake>) => void]>([
    ["destroy", ({ connection }) => connection.destroy()],
    ["a loss", ({ transport }) => transport.handler.gone(new Error("reset"))],
    [
      "a protocol error",
      ({ connection, transport }) => {
        connection.maxPackageSize = 1;
        transport.receive("too long");
      },
    ],
  ])("by %s ends the stream", async (_, end) => {
    const its = overFake({ codec: streamed(), maxSendBufferSize: 1 });
    its.transport.room = 0;
    const { state, stream } = source(["one", "two", "three"]);
    its.connection.send(stream);
    await settled();
    expect(state).toEqual({ pulled: 1, isOver: false });
    end(its as never);
    await settled();
    expect(state).toEqual({ pulled: 1, isOver: true });
  });

  test("does not mind an iterator that cannot be ended, or fails at it", async () => {
    for (const more of [{}, { return: () => Promise.reject(new Error("stubborn")) }]) {
      const { connection, diary } = overFake({ codec: streamed() });
      const iterator = { next: () => new Promise<never>(() => {}), ...more };
      connection.send({ [Symbol.asyncIterator]: () => iterator });
      connection.destroy();
      await settled();
      expect(diary.lines).toEqual(["connect", "close"]);
    }
  });

  test("does not wait for a stream that never goes on when the deadline has passed", async () => {
    const { connection, diary } = overFake({ codec: streamed() });
    connection.send({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) });
    connection.close();
    await settled();
    expect(connection.state).toBe("closing");
    connection.destroy();
    await settled();
    expect(diary.lines).toEqual(["connect", "close"]);
  });
});

test("an iterator that throws when it is made is the sender's fault", () => {
  const { connection } = overFake({ codec: streamed() });
  const stream: AsyncIterable<Bytes> = {
    [Symbol.asyncIterator]() {
      throw new RangeError("not today");
    },
  };
  expect(() => connection.send(stream)).toThrow("not today");
  expect(connection.state).toBe("open");
  expect(connection.send("on we go")).toBe("sent");
});

test.each(wires)("much of it goes over %s with little in memory", async (wire) => {
  const piece = Buffer.alloc(64 * 1024 - 1, "x");
  let most = 0;
  const [ours, theirs] = await pair(
    wire,
    { codec: streamed(), maxSendBufferSize: 100_000 },
    { codec: streamed() },
  );
  ours.connection.send(
    (async function* () {
      for (let i = 0; i < 32; i++) {
        most = Math.max(most, ours.connection.sendBufferSize);
        yield piece;
      }
      yield "\n";
    })(),
  );
  await theirs.diary.until(`message ${"x".repeat(32 * piece.length)}`);
  expect(most).toBeLessThanOrEqual(100_000 + piece.length);
});
