import { describe, expect, test } from "vitest";
import { raw } from "../src/index.ts";
import { greeting, lines, streamed } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";
import { Tally } from "./support/tally.ts";

describe.each(wires)("over %s", (wire) => {
  test("a question and its end, then the answers and theirs", async () => {
    const [ours, theirs] = await pair(
      wire,
      { codec: lines() },
      {
        codec: lines(),
        allowHalfOpen: true,
        onEnd(connection) {
          connection.send("one");
          connection.close("two");
        },
      },
    );
    ours.connection.closeWrite("question");
    expect(ours.connection.send("more")).toBe("closed");
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(theirs.diary.lines).toEqual(["connect", "message question", "end", "close"]);
    expect(ours.diary.lines).toEqual(["connect", "message one", "message two", "close"]);
  });

  test("much is received after our end", async () => {
    const size = 8 * 1024 * 1024;
    const tally = new Tally();
    const [ours, theirs] = await pair(
      wire,
      { codec: raw(), onMessage: (_, chunk) => tally.add(chunk) },
      { codec: raw(), allowHalfOpen: true, onEnd: (connection) => connection.close(Buffer.alloc(size)) },
    );
    ours.connection.closeWrite();
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(tally.size).toBe(size);
  });

  test("without allowHalfOpen, the peer's end ends our side too", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    ours.connection.closeWrite("question");
    await ours.diary.until("close");
    await theirs.diary.until("close");
    expect(theirs.diary.lines).toEqual(["connect", "message question", "close"]);
  });

  test("messages are received by slow handlers after both have ended", async () => {
    const [ours, theirs] = await pair(
      wire,
      { codec: lines(), onMessage: () => settled() },
      { codec: lines() },
    );
    ours.connection.closeWrite();
    for (const line of ["one", "two", "three"]) theirs.connection.send(line);
    theirs.connection.close();
    await ours.diary.until("close");
    expect(ours.diary.lines).toEqual(["connect", "message one", "message two", "message three", "close"]);
  });
});

test("closeWrite flushes what was sent, and ends once", () => {
  const { connection, transport } = overFake({ codec: lines() });
  connection.send("one");
  connection.closeWrite("two");
  connection.closeWrite("three");
  expect(transport.written).toBe("one\ntwo\n");
  expect(transport.hasEnded).toBe(true);
  expect(connection.state).toBe("ending");
});

test("after closeWrite, a stream that goes on does not keep open what the peer has broken", async () => {
  const endless = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const { connection, transport, diary } = overFake({ codec: streamed() });
  connection.send(endless);
  connection.closeWrite();
  transport.receive("no end");
  transport.handler.peerEnded();
  await settled();
  expect(diary.lines).toEqual(["connect", "error UNEXPECTED_END in finish"]);
  expect(transport.hasEnded).toBe(true);
});

test("after closeWrite, a handshake that the peer leaves does not keep it open", async () => {
  const { connection, transport } = overFake({ codec: greeting() });
  connection.send("never");
  connection.closeWrite();
  transport.handler.peerEnded();
  await settled();
  expect(transport.hasEnded).toBe(true);
});

test("after closeWrite, messages still come, and a close stops them", () => {
  const { connection, transport, diary } = overFake({ codec: lines() });
  connection.closeWrite();
  transport.receive("one\n");
  connection.close();
  transport.receive("two\n");
  expect(diary.lines).toEqual(["connect", "message one"]);
});

test("half open, our side stays writable as long as we like", async () => {
  const { connection, transport, diary } = overFake({ codec: lines(), allowHalfOpen: true });
  transport.handler.peerEnded();
  await settled();
  expect(diary.lines).toEqual(["connect", "end"]);
  expect(connection.send("still here")).toBe("sent");
  connection.close();
  expect(transport.written).toBe("still here\n");
  expect(transport.hasEnded).toBe(true);
});

test("onEnd comes after the messages before the end, however slow their handlers are", async () => {
  const { transport, diary } = overFake({ codec: lines(), allowHalfOpen: true, onMessage: () => settled() });
  transport.receive("one\ntwo\n");
  transport.handler.peerEnded();
  await settled();
  await settled();
  await settled();
  expect(diary.lines).toEqual(["connect", "message one", "message two", "end"]);
});

test("a codec with finish decides itself when our side ends", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { connection, transport, diary } = overFake({
    codec: lines((link) => ({
      finish(rest) {
        void promise.then(() => link.end());
        return `last ${rest}`;
      },
    })),
  });
  transport.receive("one\nrest");
  transport.handler.peerEnded();
  await settled();
  expect(diary.lines).toEqual(["connect", "message one", "message last rest"]);
  expect(connection.send("answer")).toBe("sent");
  expect(transport.hasEnded).toBe(false);
  resolve();
  await settled();
  expect(transport.written).toBe("answer\n");
  expect(transport.hasEnded).toBe(true);
});

test("a peer that ends within a frame is told as an error", async () => {
  const [ours, theirs] = await pair("tcp", { codec: lines() }, { codec: raw() });
  theirs.connection.close("no end");
  await ours.diary.until("close");
  expect(ours.diary.lines).toEqual(["connect", "error UNEXPECTED_END in finish", "close"]);
});
