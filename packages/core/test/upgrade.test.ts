import { describe, expect, test } from "vitest";
import { raw } from "../src/index.ts";
import { boxed, greeting, lines, parting } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

test.each(wires)("over %s, both sides go on in the next protocol", async (wire) => {
  const next = new Diary();
  const [ours, theirs] = await pair(
    wire,
    {
      codec: lines(),
      onMessage(connection, line) {
        if (line !== "upgrade") return;
        connection.send("yes");
        connection.upgrade(boxed(), {
          onMessage: (connection, text) => connection.send(`boxed ${text}`),
        });
      },
    },
    {
      codec: lines(),
      onMessage: (connection) => connection.upgrade(boxed(), next.keep({ codec: boxed() })).send("hi\nthere"),
    },
  );
  theirs.connection.send("upgrade");
  await next.until("message boxed hi\nthere");
  expect(ours.connection.state).toBe("open");
  expect(theirs.diary.lines).toEqual(["connect", "message yes"]);
});

test("the next codec takes over from the next unread byte on", () => {
  const next = new Diary();
  const { transport, diary } = overFake({
    codec: lines(),
    onMessage: (connection, line) => {
      if (line === "upgrade") connection.upgrade(boxed(), next.keep({ codec: boxed() }));
    },
  });
  transport.receive("one\nupgrade\n\0\0\0\x03a\nb\0\0\0");
  transport.receive("\x01c");
  expect(diary.lines).toEqual(["connect", "message one", "message upgrade"]);
  expect(next.lines).toEqual(["message a\nb", "message c"]);
});

test("in an async handler too, when the handler has paused first", async () => {
  const next = new Diary();
  const { transport } = overFake({
    codec: lines(),
    async onMessage(connection) {
      connection.pauseRecv();
      await settled();
      connection.upgrade(boxed(), next.keep({ codec: boxed() })).resumeRecv();
    },
  });
  transport.receive("upgrade\n\0\0\0\x03a\nb");
  await settled();
  await settled();
  expect(next.lines).toEqual(["message a\nb"]);
});

test("answers that were sent before go out before, in the old protocol", async () => {
  const { transport } = overFake({
    codec: lines(),
    onMessage(connection) {
      connection.send("yes");
      connection.upgrade(boxed()).send("hi");
    },
  });
  transport.receive("upgrade\n");
  await settled();
  expect(transport.written).toBe("yes\n\0\0\0\x02hi");
});

describe("the callbacks", () => {
  test("of before are not called any more, those given are", async () => {
    const next = new Diary();
    const { connection, transport, diary } = overFake({ codec: lines() });
    connection.onMessage = () => diary.write("mine");
    connection.onClose = () => diary.write("mine");
    connection.upgrade(
      boxed(),
      next.keep({
        codec: boxed(),
        onMessage() {
          throw new Error("oops");
        },
      }),
    );
    transport.receive("\0\0\0\x01a");
    connection.destroy();
    await settled();
    expect(diary.lines).toEqual(["connect"]);
    expect(next.lines).toEqual(["message a", "error oops in onMessage", "close"]);
  });

  test("given none, messages wait for somebody to take them", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    const upgraded = connection.upgrade(boxed());
    transport.receive("\0\0\0\x01a");
    await settled();
    for await (const text of upgraded) {
      expect(text).toBe("a");
      break;
    }
  });

  test("see the same connection, context and all", () => {
    const { connection } = overFake({ codec: lines() });
    connection.context.name = "ours";
    const upgraded = connection.upgrade(raw());
    expect(upgraded).toBe(connection);
    expect(upgraded.context).toEqual({ name: "ours" });
  });
});

describe("to a handshake", () => {
  test("sends wait, and onConnect tells when it is done", async () => {
    const next = new Diary();
    const { connection, transport, diary } = overFake({ codec: lines() });
    const upgraded = connection.upgrade(greeting(), next.keep({ codec: greeting() }));
    expect(upgraded.send("one")).toBe("buffered");
    expect(next.lines).toEqual([]);
    transport.receive("hello\nhi\n");
    await settled();
    expect(transport.written).toBe("hello\none\n");
    expect(next.lines).toEqual(["connect", "message hi"]);
    expect(diary.lines).toEqual(["connect"]);
  });
});

describe("the old codec", () => {
  test("is told that it is over, once", async () => {
    const told: string[] = [];
    const telling = (name: string) => lines(() => ({ closed: () => void told.push(name) }));
    const { connection } = overFake({ codec: telling("old") });
    connection.upgrade(telling("new"));
    expect(told).toEqual(["old"]);
    connection.destroy();
    await settled();
    expect(told).toEqual(["old", "new"]);
  });

  test("says no goodbye; the next one does", async () => {
    const { connection, transport } = overFake({ codec: parting() });
    connection.upgrade(lines());
    connection.close("end");
    expect(transport.written).toBe("end\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("held: the hold is gone", () => {
    const next = new Diary();
    const holding = lines((link) => ({
      decode(frame) {
        link.hold();
        return frame.toString().trim();
      },
    }));
    const { connection, transport, diary } = overFake({ codec: holding });
    transport.receive("one\ntwo\nthree\n");
    expect(diary.lines).toEqual(["connect", "message one"]);
    connection.upgrade(lines(), next.keep({ codec: lines() }));
    expect(next.lines).toEqual(["message two", "message three"]);
  });
});

test("an upgrade by the codec itself keeps the callbacks", () => {
  const { transport, diary } = overFake({ codec: greeting(boxed()) });
  transport.receive("hello\n\0\0\0\x03a\nb");
  expect(diary.lines).toEqual(["connect", "message a\nb"]);
});

test("a factory that throws is told, and its connection cut", async () => {
  const next = new Diary();
  const { connection, transport } = overFake({ codec: lines() });
  connection.upgrade(
    () => {
      throw new Error("not today");
    },
    next.keep({ codec: lines() }),
  );
  await settled();
  expect(next.lines).toEqual(["error not today in factory", "close"]);
  expect(transport.isDestroyed).toBe(true);
});

test("after the peer's end, the next codec hears of it", () => {
  const next = new Diary();
  const { connection, transport } = overFake({ codec: lines(), allowHalfOpen: true });
  connection.pauseRecv();
  transport.receive("one\n");
  transport.handler.peerEnded();
  connection.upgrade(lines(), next.keep({ codec: lines() })).resumeRecv();
  expect(next.lines).toEqual(["message one", "end"]);
});
