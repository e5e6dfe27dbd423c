import { describe, expect, test } from "vitest";
import { lines, sized } from "./support/codecs.ts";
import { nameOf } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

async function* shout(messages: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const message of messages) yield message.toUpperCase();
}

/** Two fakes, the second of which takes nothing. */
function piped(through: (messages: AsyncIterable<string>) => AsyncIterable<string>) {
  const source = overFake({ codec: lines() });
  const destination = overFake({ codec: lines(), maxSendBufferSize: 10 });
  destination.transport.room = 0;
  expect(source.connection.pipe(destination.connection, { through })).toBe(destination.connection);
  return { source, destination };
}

test("messages become others on their way", async () => {
  const { source, destination } = piped(shout);
  source.transport.receive("one\ntwo\n");
  await settled();
  expect(destination.transport.written).toBe("ONE\nTWO\n");
});

test("one may become many, or none", async () => {
  const { source, destination } = piped(async function* (messages) {
    for await (const message of messages) for (const letter of message) if (letter !== "e") yield letter;
  });
  source.transport.receive("one\n");
  await settled();
  expect(destination.transport.written).toBe("o\nn\n");
});

test("messages of one protocol become those of another", async () => {
  const source = overFake({ codec: lines() });
  const destination = overFake({ codec: sized() });
  source.connection.pipe(destination.connection, {
    async *through(messages) {
      for await (const message of messages) yield Buffer.from(message);
    },
  });
  source.transport.receive("one\n");
  await settled();
  expect(destination.transport.written).toBe("\0\0\0\x03one");
});

test("nothing is dropped, and the source is read at the pace of the destination", async () => {
  let made = 0;
  const { source, destination } = piped(async function* (messages) {
    for await (const message of messages) {
      made++;
      yield message;
    }
  });
  const many = Array.from({ length: 10_000 }, (_, i) => `${1_000_000 + i}`);
  for (let at = 0; at < many.length; at += 1000) {
    source.transport.receive(`${many.slice(at, at + 1000).join("\n")}\n`);
    await settled();
  }
  expect(made).toBeLessThan(4);
  expect(source.transport.isPaused).toBe(true);
  while (made < many.length) {
    destination.transport.take(5000);
    await settled();
  }
  destination.transport.take();
  await settled();
  expect(destination.transport.taken.toString().trim().split("\n")).toEqual(many);
  expect(destination.connection.dropped).toBe(0);
});

describe("the end of the source", () => {
  test("ends the destination, when all is through", async () => {
    const { source, destination } = piped(async function* (messages) {
      yield* shout(messages);
      yield "and out";
    });
    source.transport.receive("over\n");
    source.transport.handler.peerEnded();
    await settled();
    destination.transport.take();
    await settled();
    expect(destination.transport.taken.toString()).toBe("OVER\nand out\n");
    expect(destination.transport.hasEnded).toBe(true);
    expect(source.transport.hasEnded).toBe(true);
  });

  test("each way by itself, where there are two", async () => {
    const [client, inner] = await pair("memory", { codec: lines() }, { codec: lines() });
    const [outer, server] = await pair(
      "memory",
      { codec: lines() },
      { codec: lines(), allowHalfOpen: true, onEnd: (connection) => connection.close("answer") },
    );
    inner.connection.pipe(outer.connection, { through: shout });
    outer.connection.pipe(inner.connection, { through: shout });
    client.connection.closeWrite("question");
    await client.diary.until("close");
    await server.diary.until("close");
    expect(server.diary.lines).toContain("message QUESTION");
    expect(client.diary.lines).toEqual(["connect", "message ANSWER", "close"]);
  });
});

test("the loss of the source closes the destination", async () => {
  const { source, destination } = piped(shout);
  source.transport.receive("one\n");
  await settled();
  source.transport.handler.gone(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  await settled();
  destination.transport.take();
  await settled();
  expect(destination.transport.taken.toString()).toBe("ONE\n");
  expect(destination.transport.hasEnded).toBe(true);
  expect(source.diary.lines.slice(1)).toEqual(["error ECONNRESET in transport", "close"]);
});

test.each(["while something waits for room", "while nothing does"])(
  "the loss of the destination closes the source, %s, and ends the transform",
  async (when) => {
    let isOver = false;
    const { source, destination } = piped(async function* (messages) {
      try {
        yield* messages;
      } finally {
        isOver = true;
      }
    });
    source.transport.receive(when === "while nothing does" ? "one\n" : "1234567890\nmore\n");
    await settled();
    destination.transport.handler.gone(new Error("lost"));
    for (let i = 0; i < 3; i++) await settled();
    expect(source.transport.hasEnded).toBe(true);
    expect(isOver).toBe(true);
    expect(source.diary.lines.slice(1)).toEqual([]);
  },
);

test("what the transform throws is the source's error, and closes both", async () => {
  const { source, destination } = piped(async function* (messages) {
    for await (const message of messages) {
      if (message === "bad") throw new Error("not this");
      yield message;
    }
  });
  source.transport.receive("good\nbad\nworse\n");
  await settled();
  destination.transport.take();
  await settled();
  expect(source.diary.errors.map(nameOf)).toEqual(["not this"]);
  expect(source.diary.lines).toContain("error not this in pipe");
  expect(destination.transport.taken.toString()).toBe("good\n");
  expect([source.transport.hasEnded, destination.transport.hasEnded]).toEqual([true, true]);
});

test("a transform that has had enough ends both", async () => {
  const { source, destination } = piped(async function* (messages) {
    for await (const message of messages) {
      yield message;
      return;
    }
  });
  source.transport.receive("one\ntwo\n");
  await settled();
  destination.transport.take();
  await settled();
  expect(destination.transport.taken.toString()).toBe("one\n");
  expect([source.transport.hasEnded, destination.transport.hasEnded]).toEqual([true, true]);
});

test("its messages are taken: nobody else may", () => {
  const { source, destination } = piped(shout);
  expect(() => source.connection.pipe(destination.connection)).toThrow(TypeError);
});
