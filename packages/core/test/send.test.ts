import type { Bytes } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits, raw, type SendResult } from "../src/index.ts";
import { lines, sized } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

describe("send answers", () => {
  test("sent, when nothing waits behind the socket", async () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    expect(connection.send("one")).toBe("sent");
    await settled();
    expect(transport.written).toBe("one\n");
    expect(connection.sendBufferSize).toBe(0);
    expect(diary.lines).toEqual(["connect"]);
  });

  test("buffered, when the peer is behind", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 2;
    connection.send("one");
    await settled();
    expect(connection.sendBufferSize).toBe(2);
    expect(connection.send("two")).toBe("buffered");
    expect(connection.sendBufferSize).toBe(6);
    transport.take();
    await settled();
    expect(transport.taken.toString()).toBe("one\ntwo\n");
    expect(connection.send("three")).toBe("sent");
  });

  test("buffered for a large message that the socket takes in part", () => {
    const { connection, transport } = overFake({ codec: raw() });
    transport.room = 20_000;
    expect(connection.send(Buffer.alloc(20_000))).toBe("sent");
    expect(connection.send(Buffer.alloc(20_000))).toBe("buffered");
  });

  test("buffered for the message that fills the buffer, and dropped for those after", () => {
    const { connection, transport, diary } = overFake({ codec: lines(), maxSendBufferSize: 10 });
    transport.room = 0;
    expect(connection.send("12345")).toBe("sent");
    expect(connection.send("12345")).toBe("buffered");
    expect(diary.news()).toEqual(["connect", "full"]);
    expect(connection.send("6")).toBe("dropped");
    expect(connection.send("7")).toBe("dropped");
    expect(diary.news()).toEqual(["error SEND_BUFFER_FULL in send", "error SEND_BUFFER_FULL in send"]);
    expect(connection.dropped).toBe(2);
    transport.take();
    expect(diary.news()).toEqual(["drain"]);
    expect(connection.send("8")).toBe("sent");
    expect(transport.taken.toString()).toBe("12345\n12345\n");
  });

  test("closed, when our side has ended", () => {
    const { connection, diary } = overFake({ codec: lines() });
    connection.closeWrite();
    expect(connection.send("late")).toBe("closed");
    expect(connection.sendRaw("late")).toBe("closed");
    expect(connection.dropped).toBe(0);
    expect(diary.lines).toEqual(["connect"]);
  });
});

describe("the limit", () => {
  // Waiting bytes before the message that is asked about, with a limit of 10.
  test.each([
    ["9", 9, "buffered"],
    ["10", 10, "dropped"],
    ["11", 11, "dropped"],
  ])("%s bytes wait", async (_, waiting, answer) => {
    const { connection, transport } = overFake({ codec: raw(), maxSendBufferSize: 10 });
    transport.room = 0;
    connection.send("x".repeat(waiting));
    await settled();
    expect(connection.sendBufferSize).toBe(waiting);
    expect(connection.send("y")).toBe(answer);
  });

  test("is looked at before a message is added: one may pass it, however large", () => {
    const { connection, transport, diary } = overFake({ codec: raw(), maxSendBufferSize: 10 });
    transport.room = 0;
    expect(connection.send(Buffer.alloc(1_000_000))).toBe("buffered");
    expect(diary.lines).toEqual(["connect", "full"]);
    expect(connection.send("x")).toBe("dropped");
  });

  test("is not reached by what the socket takes at once", () => {
    const { connection, diary } = overFake({ codec: lines(), maxSendBufferSize: 10 });
    for (let i = 0; i < 100; i++) expect(connection.send("12345678")).toBe("sent");
    expect(diary.lines).toEqual(["connect"]);
  });

  test("of 0 lets one message wait", () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 0 });
    transport.room = 0;
    expect(connection.send("one")).toBe("buffered");
    expect(connection.send("two")).toBe("dropped");
  });

  test.each(["close", "closeWrite"] as const)("does not drop the last message, which %s brings", (end) => {
    const { connection, transport, diary } = overFake({ codec: lines(), maxSendBufferSize: 4 });
    transport.room = 0;
    connection.send("12345");
    connection[end]("bye");
    transport.take();
    expect(transport.taken.toString()).toBe("12345\nbye\n");
    expect(diary.lines).toEqual(["connect", "full", "drain"]);
  });

  test("can be changed on a connection", () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 4 });
    transport.room = 0;
    connection.send("123");
    expect(connection.send("4")).toBe("dropped");
    connection.maxSendBufferSize = 100;
    expect(connection.maxSendBufferSize).toBe(100);
    expect(connection.send("4")).toBe("buffered");
  });

  test("lowered below what was gathered in this turn drops nothing that the socket would take", async () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 100 });
    connection.send("12345");
    connection.maxSendBufferSize = 3;
    expect(connection.send("6")).toBe("sent");
    await settled();
    expect(transport.written).toBe("12345\n6\n");
  });

  test("has a default that can be changed for later connections", () => {
    const before = overFake({ codec: lines() }).connection;
    expect(before.maxSendBufferSize).toBe(1024 * 1024);
    expect(before.maxPackageSize).toBe(10 * 1024 * 1024);
    limits.defaultMaxSendBufferSize = 77;
    limits.defaultMaxPackageSize = 88;
    const after = overFake({ codec: lines() }).connection;
    limits.defaultMaxSendBufferSize = 1024 * 1024;
    limits.defaultMaxPackageSize = 10 * 1024 * 1024;
    expect([after.maxSendBufferSize, after.maxPackageSize]).toEqual([77, 88]);
    expect(before.maxSendBufferSize).toBe(1024 * 1024);
  });
});

describe("a dropped message", () => {
  test("was never encoded, so nothing of the codec has moved", () => {
    let encoded = 0;
    const counting = lines(() => ({
      encode(message) {
        encoded += 1;
        return `${encoded} ${message}\n`;
      },
    }));
    const { connection, transport } = overFake({ codec: counting, maxSendBufferSize: 5 });
    transport.room = 0;
    const answers = ["one", "two", "three"].map((line) => connection.send(line));
    expect(answers).toEqual(["buffered", "dropped", "dropped"]);
    transport.take();
    connection.send("four");
    connection.close();
    expect(transport.taken.toString()).toBe("1 one\n2 four\n");
    expect(encoded).toBe(2);
  });

  test("is counted", () => {
    const { connection, transport, stats } = overFake({ codec: lines(), maxSendBufferSize: 1 });
    transport.room = 0;
    for (const line of ["one", "two", "three"]) connection.send(line);
    expect(connection.dropped).toBe(2);
    expect(stats.dropped).toBe(2);
    expect(stats.messagesSent).toBe(1);
    expect(stats.errors).toBe(0);
  });

  test("of a lossless codec there is none: the peer is not read instead", async () => {
    const { connection, transport, diary } = overFake({
      codec: lines(() => ({ lossless: true })),
      maxSendBufferSize: 10,
      onMessage: (connection, line) => connection.send(line),
    });
    transport.room = 0;
    transport.receive("12345\n1234\n6\n7\n");
    expect(transport.isPaused).toBe(true);
    expect(connection.dropped).toBe(0);
    transport.take();
    await settled();
    expect(transport.isPaused).toBe(false);
    connection.close();
    transport.take();
    expect(transport.taken.toString()).toBe("12345\n1234\n6\n7\n");
    expect(diary.lines.filter((line) => !line.startsWith("message"))).toEqual(["connect", "full", "drain"]);
  });
});

test("a lossless codec's peer is not read while the handler of drained has filled the buffer again", async () => {
  const { transport, diary } = overFake({
    codec: lines(() => ({ lossless: true })),
    maxSendBufferSize: 5,
    onMessage: (connection, line) => connection.send(line),
    onBufferDrain: (connection) => connection.send("again"),
  });
  transport.room = 0;
  transport.receive("12345\nnext\n");
  transport.take("12345\n".length);
  await settled();
  expect(diary.lines).toEqual(["connect", "message 12345", "full", "drain", "full"]);
  expect(transport.isPaused).toBe(true);
});

describe("full and drained", () => {
  test("may come from within send, and a handler may close", () => {
    const { connection, transport, diary } = overFake({
      codec: lines(),
      maxSendBufferSize: 4,
      onBufferFull: (connection) => connection.destroy(),
    });
    transport.room = 0;
    expect(connection.send("12345")).toBe("buffered");
    expect(connection.send("6")).toBe("closed");
    expect(diary.lines).toEqual(["connect", "full"]);
  });

  test("alternate, also when the handler of drained fills the buffer again", () => {
    let left = 3;
    const { connection, transport, diary } = overFake({
      codec: lines(),
      maxSendBufferSize: 4,
      onBufferDrain(connection) {
        left -= 1;
        transport.room = 0;
        if (left > 0) connection.send("12345");
      },
    });
    transport.room = 0;
    connection.send("12345");
    for (let i = 0; i < 5; i++) transport.take();
    expect(diary.lines).toEqual(["connect", "full", "drain", "full", "drain", "full", "drain"]);
  });

  test("a message sent when drained never lands within another message", async () => {
    const { connection, transport } = overFake({
      codec: sized(),
      maxSendBufferSize: 100,
      onBufferDrain: (connection) => connection.send(Buffer.alloc(5, "d")),
    });
    transport.room = 0;
    connection.send(Buffer.alloc(200, "a"));
    await settled();
    // The socket has taken all, and has not said so yet.
    transport.take(Infinity, false);
    connection.send(Buffer.alloc(20_000, "b"));
    await settled();
    transport.handler.flushed();
    await settled();
    expect(messagesOf(transport.taken)).toEqual([
      [200, "a"],
      [20_000, "b"],
      [5, "d"],
    ]);
  });

  test("alternate, and what is accepted is what arrives, whatever is done", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40_000 }), fc.array(anyStep), async (limit, steps) => {
        const { connection, transport, diary } = overFake({ codec: raw(), maxSendBufferSize: limit });
        transport.room = 0;
        const accepted: Buffer[] = [];
        for (const step of steps) {
          if (step.do === "send") {
            const waiting = connection.sendBufferSize;
            const message = Buffer.alloc(step.size, String(accepted.length % 10));
            const answer = connection.send(message);
            expect(answer === "dropped").toBe(waiting > 0 && waiting >= limit);
            if (answer !== "dropped") accepted.push(message);
          } else if (step.do === "take") transport.take(step.size);
          else await settled();
        }
        await settled();
        while (transport.waiting > 0) {
          transport.take();
          await settled();
        }
        const edges = diary.lines.filter((line) => line === "full" || line === "drain");
        expect(edges).toEqual(edges.map((_, i) => (i % 2 === 0 ? "full" : "drain")));
        expect(edges.length % 2).toBe(0);
        expect(transport.taken.equals(Buffer.concat(accepted))).toBe(true);
        expect(connection.bytesWritten).toBe(Buffer.concat(accepted).length);
        expect(connection.sendBufferSize).toBe(0);
      }),
    ));

  const anySize = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 40_000 }));
  const anyStep = fc.oneof(
    fc.record({ do: fc.constant("send" as const), size: anySize }),
    fc.record({ do: fc.constant("take" as const), size: fc.oneof(anySize, fc.constant(Infinity)) }),
    fc.record({ do: fc.constant("settle" as const) }),
  );
});

describe("a message that cannot be told", () => {
  test("is a TypeError at send; nothing is sent, and the connection goes on", async () => {
    const { connection, transport, diary, stats } = overFake({ codec: lines() });
    connection.send("one");
    expect(() => connection.send("no\nline")).toThrow(TypeError);
    connection.send("two");
    await settled();
    expect(transport.written).toBe("one\ntwo\n");
    expect(diary.lines).toEqual(["connect"]);
    expect(stats.messagesSent).toBe(2);
  });

  test("is a TypeError at close, which has not closed then", () => {
    const { connection } = overFake({ codec: lines() });
    expect(() => connection.close("no\nline")).toThrow(TypeError);
    expect(connection.state).toBe("open");
  });
});

describe("sendRaw", () => {
  test("goes past the codec, in order", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    connection.send("one");
    expect(connection.sendRaw(["t", Buffer.from("w"), "o\n"])).toBe("sent");
    connection.send("three");
    await settled();
    expect(transport.written).toBe("one\ntwo\nthree\n");
  });

  test("is dropped too when the buffer is full", () => {
    const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 1 });
    transport.room = 0;
    connection.send("one");
    expect(connection.sendRaw("two")).toBe("dropped");
  });
});

describe("drained", () => {
  test("resolves at once when nothing waits", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    connection.send("one");
    await connection.drained();
    expect(transport.written).toBe("one\n");
  });

  test("resolves when the peer has taken all", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 0;
    connection.send("one");
    let isDrained = false;
    const drained = connection.drained().then(() => {
      isDrained = true;
    });
    await settled();
    transport.take(2);
    await settled();
    expect(isDrained).toBe(false);
    transport.take();
    await drained;
  });

  test("paces a sender that awaits it", async () => {
    const { connection, transport } = overFake({ codec: raw(), maxSendBufferSize: 1 });
    transport.room = 0;
    let sent = 0;
    const sending = (async () => {
      for (; sent < 3; sent++) {
        expect(connection.send(Buffer.alloc(100))).not.toBe("dropped");
        await connection.drained();
      }
    })();
    for (const expected of [0, 1, 2]) {
      await settled();
      expect(sent).toBe(expected);
      transport.take(100);
    }
    await sending;
  });

  test("rejects with the reason of its signal", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 0;
    connection.send("one");
    const reason = new Error("enough");
    await expect(connection.drained(AbortSignal.abort(reason))).rejects.toBe(reason);
    const control = new AbortController();
    const drained = connection.drained(control.signal);
    control.abort(reason);
    await expect(drained).rejects.toBe(reason);
    expect(connection.state).toBe("open");
  });

  test("rejects when the connection goes", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 0;
    connection.send("one");
    const drained = connection.drained();
    connection.destroy();
    await expect(drained).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(connection.drained()).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  test("rejects with the error that the connection goes with", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 0;
    connection.send("one");
    const drained = connection.drained();
    const error = new Error("reset");
    transport.handler.gone(error);
    await expect(drained).rejects.toBe(error);
  });
});

test("a reply of the codec is never dropped, and while too much waits, reading stops", async () => {
  const ponging = lines((link) => ({
    decode(frame) {
      link.reply(frame);
      return undefined;
    },
  }));
  const { connection, transport } = overFake({ codec: ponging, maxSendBufferSize: 10 });
  transport.room = 0;
  transport.receive("12345\n".repeat(3));
  expect(transport.isPaused).toBe(true);
  expect(connection.dropped).toBe(0);
  transport.take();
  expect(transport.isPaused).toBe(false);
  await settled();
  transport.take();
  expect(transport.taken.toString()).toBe("12345\n".repeat(3));
});

test("nothing is told after the close, also when the buffer drained just before", async () => {
  const { connection, transport, diary } = overFake({ codec: raw(), maxSendBufferSize: 10 });
  transport.room = 0;
  connection.send("1234567890");
  transport.take(Infinity, false);
  connection.send(Buffer.alloc(20_000));
  connection.destroy();
  await settled();
  expect(diary.lines).toEqual(["connect", "full", "close"]);
});

test("the message is left as it is", () => {
  const { connection } = overFake({ codec: raw() });
  const message: Bytes = ["one", Buffer.from("two")];
  connection.send(message);
  connection.close();
  expect(message).toEqual(["one", Buffer.from("two")]);
});

test("a send to a connection that never opens answers a word of the list", async () => {
  const answers: SendResult[] = [];
  const { connection } = overFake({ codec: lines() });
  connection.destroy();
  answers.push(connection.send("one"));
  await settled();
  answers.push(connection.send("two"));
  expect(answers).toEqual(["closed", "closed"]);
});

/** Size and first letter of each message in a stream of sized ones. */
function messagesOf(bytes: Buffer): [number, string][] {
  const found: [number, string][] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUint32BE(at);
    const message = bytes.subarray(at + 4, at + 4 + size);
    found.push([size, new Set(message).size === 1 ? message.toString("latin1", 0, 1) : "mixed"]);
    at += 4 + size;
  }
  return found;
}

test("a codec whose goodbye is out is sent nothing more", async () => {
  const codec = { ...lines()({} as never), closing: false };
  codec.encode = (message) => {
    codec.closing = message === "bye";
    return `${message}\n`;
  };
  const { connection, transport } = overFake({ codec: () => codec });
  expect(["one", "bye", "two"].map((line) => connection.send(line))).toEqual(["sent", "sent", "closed"]);
  await settled();
  expect(transport.written).toBe("one\nbye\n");
});
