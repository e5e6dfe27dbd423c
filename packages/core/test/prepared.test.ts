import type { Bytes } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { Prepared } from "../src/index.ts";
import { greeting, lines } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

/** Lines that count how often they were encoded. `alike` goes to the codec. */
function counted(alike?: string) {
  const count = { encoded: 0 };
  const codec = lines(() => ({
    ...(alike === undefined ? {} : { alike }),
    encode(message) {
      if (message.includes("\n")) throw new TypeError("a message is one line");
      count.encoded += 1;
      return [message, "\n"];
    },
  }));
  return { codec, count };
}

test("a message for many is encoded once, and each gets it", async () => {
  const { codec, count } = counted("lines");
  const all = [1, 2, 3].map(() => overFake({ codec }));
  const news = new Prepared("news");
  for (const { connection } of all) expect(connection.send(news)).toBe("sent");
  await settled();
  expect(count.encoded).toBe(1);
  expect(all.map(({ transport }) => transport.written)).toEqual(["news\n", "news\n", "news\n"]);
});

test("codecs that are not alike encode it each", async () => {
  const one = counted("one");
  const two = counted("two");
  const news = new Prepared("news");
  for (const { codec } of [one, two, one, two]) overFake({ codec }).connection.send(news);
  expect([one.count.encoded, two.count.encoded]).toEqual([1, 1]);
});

test("codecs that say nothing of likeness encode it each time", async () => {
  const { codec, count } = counted();
  const news = new Prepared("news");
  const { connection, transport } = overFake({ codec });
  connection.send(news);
  connection.send(news);
  await settled();
  expect(count.encoded).toBe(2);
  expect(transport.written).toBe("news\nnews\n");
});

test("it keeps its place among other messages", async () => {
  const { connection, transport } = overFake({ codec: counted("lines").codec });
  connection.send("one");
  connection.send(new Prepared("two"));
  connection.send("three");
  await settled();
  expect(transport.written).toBe("one\ntwo\nthree\n");
});

describe("it is a message like others:", () => {
  test("dropped when the buffer is full, unencoded", () => {
    const { codec, count } = counted("lines");
    const { connection, transport } = overFake({ codec, maxSendBufferSize: 1 });
    transport.room = 0;
    connection.send("one");
    expect(connection.send(new Prepared("two"))).toBe("dropped");
    expect(count.encoded).toBe(1);
  });

  test("waiting for a handshake", async () => {
    const { codec } = counted("lines");
    const { connection, transport } = overFake({ codec: greeting(codec) });
    expect(connection.send(new Prepared("early"))).toBe("buffered");
    expect(connection.sendBufferSize).toBe(5);
    transport.receive("hello\n");
    await settled();
    expect(transport.written).toBe("hello\nearly\n");
  });

  test("a TypeError when it cannot be told", () => {
    const { connection } = overFake({ codec: counted("lines").codec });
    expect(() => connection.send(new Prepared("no\nline"))).toThrow(TypeError);
    expect(connection.state).toBe("open");
  });

  test("closed", () => {
    const { connection } = overFake({ codec: counted("lines").codec });
    connection.close();
    expect(connection.send(new Prepared("late"))).toBe("closed");
  });
});

test("a stream cannot be kept, and is made each time", async () => {
  const streaming = () => ({
    alike: "streaming",
    input: () => 0,
    decode: () => undefined,
    async *encode(message: string): AsyncGenerator<Bytes> {
      yield message;
    },
  });
  const news = new Prepared("news");
  const { connection, transport } = overFake({ codec: streaming });
  connection.send(news);
  connection.send(news);
  await settled();
  expect(transport.written).toBe("newsnews");
});
