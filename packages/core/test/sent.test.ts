import type { CodecLink } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lines, streamed } from "./support/codecs.ts";
import { nameOf } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

/** A peer that takes nothing, with room for 10 bytes, all taken. */
async function full(options = {}) {
  const its = overFake({ codec: lines(), maxSendBufferSize: 10, ...options });
  its.transport.room = 0;
  its.connection.send("123456789");
  await settled();
  const ends: string[] = [];
  const sent = (line: string, signal?: AbortSignal) =>
    its.connection.sent(line, signal).then(
      () => void ends.push(`${line} accepted`),
      (error: unknown) => void ends.push(`${line} ${nameOf(error)}`),
    );
  return { ...its, ends, sent };
}

test("with room it is accepted at once", async () => {
  const { connection, transport, stats } = overFake({ codec: lines() });
  await connection.sent("hello");
  await settled();
  expect(transport.written).toBe("hello\n");
  expect(stats).toMatchObject({ messagesSent: 1, waited: 0 });
});

test("without, when there is, in the order in which it was asked for", async () => {
  const { transport, ends, sent, connection, stats } = await full();
  for (const line of ["one", "two", "tri", "q"]) void sent(line);
  await settled();
  expect(ends).toEqual([]);
  expect(connection.sendBufferSize).toBe(10);
  transport.take(10);
  await settled();
  expect(ends).toEqual(["one accepted", "two accepted", "tri accepted"]);
  transport.take();
  await settled();
  expect(ends.at(-1)).toBe("q accepted");
  expect(transport.taken.toString()).toBe("123456789\none\ntwo\ntri\nq\n");
  expect(stats).toMatchObject({ messagesSent: 5, waited: 4, dropped: 0 });
});

test("send does not overtake: while some wait, there is no room for it", async () => {
  const { transport, ends, sent, connection } = await full({
    onBufferDrain: () => connection.send("drained"),
  });
  void sent("12345678");
  void sent("12345");
  expect(connection.send("no")).toBe("dropped");
  transport.take(10);
  await settled();
  transport.take();
  await settled();
  expect(ends).toEqual(["12345678 accepted", "12345 accepted"]);
  expect(transport.taken.toString()).toMatch(/^123456789\n12345678\n/);
  expect(transport.taken.toString()).toContain("12345\n");
  expect(connection.send("yes")).toBe("sent");
});

test("whoever refills at each drain starves nobody who waits", async () => {
  const { transport, ends, sent } = await full({
    onBufferDrain: (connection: { send(line: string): unknown }) => void connection.send("again and again"),
  });
  void sent("patience");
  for (let i = 0; i < 3; i++) {
    transport.take(10);
    await settled();
  }
  expect(ends).toEqual(["patience accepted"]);
});

test("with closeAfter, send accepts those who wait before its own", async () => {
  const { transport, ends, sent, connection } = await full({ whenFull: { closeAfter: 60_000 } });
  void sent("one");
  expect(connection.send("two")).toBe("buffered");
  await settled();
  expect(ends).toEqual(["one accepted"]);
  transport.take();
  expect(transport.taken.toString()).toBe("123456789\none\ntwo\n");
});

describe("it is rejected", () => {
  test("with the reason of its signal, and then nothing of it is sent", async () => {
    const { transport, ends, sent } = await full();
    const controller = new AbortController();
    void sent("one");
    void sent("two", controller.signal);
    void sent("three");
    controller.abort(new Error("too long"));
    await settled();
    expect(ends).toEqual(["two too long"]);
    transport.take();
    await settled();
    expect(ends).toEqual(["two too long", "one accepted", "three accepted"]);
    expect(transport.taken.toString()).toBe("123456789\none\nthree\n");
  });

  test("at once, when its signal was aborted before, also where there is room", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    await expect(connection.sent("no", AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
    expect(transport.written).toBe("");
  });

  test("not by a signal that is aborted after it was accepted", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const controller = new AbortController();
    await connection.sent("yes", controller.signal);
    controller.abort();
    await settled();
    expect(transport.written).toBe("yes\n");
  });

  test.each(["close", "closeWrite", "destroy"] as const)(
    "by a %s, and what was accepted is not",
    async (verb) => {
      const { ends, sent, connection } = await full();
      void sent("one");
      connection[verb]();
      await settled();
      expect(ends).toEqual(["one CONNECTION_CLOSED"]);
      await expect(connection.sent("two")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    },
  );

  test("by the loss of the connection", async () => {
    const { ends, sent, transport } = await full();
    void sent("one");
    transport.handler.gone(new Error("lost"));
    await settled();
    expect(ends).toEqual(["one CONNECTION_CLOSED"]);
  });

  test("by a codec that has said goodbye", async () => {
    let closing = false;
    const { ends, sent, transport } = await full({
      codec: (link: CodecLink) => Object.defineProperty(lines()(link), "closing", { get: () => closing }),
    });
    void sent("one");
    closing = true;
    transport.take();
    await settled();
    expect(ends).toEqual(["one CONNECTION_CLOSED"]);
    expect(transport.taken.toString()).toBe("123456789\n");
  });

  test("when it cannot be told, and those behind it are not", async () => {
    const { ends, sent, transport } = await full();
    void sent("two\nlines");
    void sent("one");
    transport.take();
    await settled();
    expect(ends).toEqual(["two\nlines a message is one line", "one accepted"]);
  });

  test("when as many bytes wait for their turn as may wait to be sent", async () => {
    const { ends, sent, stats } = await full();
    void sent("1234567890");
    void sent("1");
    await settled();
    expect(ends).toEqual(["1 SEND_BUFFER_FULL"]);
    expect(stats).toMatchObject({ waited: 1, dropped: 0, errors: 0 });
  });
});

test("a close waits for what was accepted, and only for that", async () => {
  const { transport, ends, sent, connection } = await full();
  void sent("one");
  transport.take(10);
  await settled();
  void sent("this fills it up again");
  void sent("too late");
  connection.close();
  await settled();
  transport.take();
  await settled();
  expect(ends).toEqual(["one accepted", "this fills it up again accepted", "too late CONNECTION_CLOSED"]);
  expect(transport.taken.toString()).toBe("123456789\none\nthis fills it up again\n");
  expect(transport.hasEnded).toBe(true);
});

test("behind a stream it waits for room like any other", async () => {
  const { connection, transport } = overFake({ codec: streamed(), maxSendBufferSize: 10 });
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.send(
    (async function* () {
      await promise;
      yield "stream\n";
    })(),
  );
  await connection.sent("1234567890");
  let isAccepted = false;
  const waiting = connection.sent("after").then(() => {
    isAccepted = true;
  });
  await settled();
  expect(isAccepted).toBe(false);
  resolve();
  await waiting;
  await settled();
  expect(transport.written).toBe("stream\n1234567890\nafter\n");
});

describe("whatever is sent, awaited, aborted and taken,", () => {
  const anyStep = fc.record({
    verb: fc.constantFrom("send", "send", "sent", "sent", "sent", "abort", "take", "take", "settle", "flood"),
    size: fc.nat(12),
  });

  test.each(["drop", "closeAfter"] as const)("with %s the peer gets what was accepted, in order", (policy) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 60, size: "max" }),
        fc.constantFrom("closeWrite", "close"),
        async (steps, end) => {
          const { connection, transport, diary } = overFake({
            codec: lines(),
            maxSendBufferSize: 10,
            writeTimeout: Infinity,
            whenFull: policy === "drop" ? "drop" : { closeAfter: 60_000 },
          });
          const accepted: string[] = [];
          const order: string[] = [];
          const asked: string[] = [];
          const controllers: AbortController[] = [];
          transport.room = 0;
          let count = 0;
          for (const { verb, size } of steps) {
            const line = `${count++}${"x".repeat(size)}`;
            if (verb === "send" || verb === "flood") {
              const result = connection.send(line);
              if (result === "sent" || result === "buffered") accepted.push(line);
            } else if (verb === "sent") {
              const controller = new AbortController();
              controllers.push(controller);
              asked.push(line);
              connection.sent(line, controller.signal).then(
                () => {
                  accepted.push(line);
                  order.push(line);
                },
                () => {},
              );
            } else if (verb === "abort") {
              controllers.pop()?.abort();
            } else if (verb === "take") {
              transport.take(size);
              transport.room = 0;
            } else await settled();
          }
          await settled();
          connection[end]();
          transport.take();
          await settled();
          const heard = transport.taken.toString().split("\n").slice(0, -1);
          if (diary.lines.includes("error SLOW_CONSUMER in deadline")) {
            expect(accepted.toSorted(byNumber).slice(0, heard.length)).toEqual(heard.toSorted(byNumber));
          } else {
            expect(new Set(heard)).toEqual(new Set(accepted));
            expect(heard).toHaveLength(accepted.length);
          }
          // Those who waited were accepted in the order in which they asked, and heard in the order of acceptance.
          expect(order).toEqual(asked.filter((line) => order.includes(line)));
          expect(heard.filter((line) => order.includes(line))).toEqual(
            order.filter((line) => heard.includes(line)),
          );
          expect(heard).toEqual(heard.toSorted(byNumber));
          expect(diary.lines.some((line) => line.includes("SEND_BUFFER_FULL")) && policy !== "drop").toBe(
            false,
          );
        },
      ),
      { numRuns: 300 },
    ),
  );
});

function byNumber(one: string, other: string): number {
  return Number.parseInt(one, 10) - Number.parseInt(other, 10);
}
