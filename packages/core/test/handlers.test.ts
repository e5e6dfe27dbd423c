import { describe, expect, test, vi } from "vitest";
import { type ErrorPhase, type Handlers, raw, SockError } from "../src/index.ts";
import { connectedPair } from "../src/memory.ts";
import { greeting, lines, notedLines, parting } from "./support/codecs.ts";

import { overFake } from "./support/fake-transport.ts";
import { pair, wires } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

type Told = keyof Handlers<string, string, string>;

describe.each(wires)("over %s", (wire) => {
  test("callbacks come in order: connect, messages, close", async () => {
    const [ours, theirs] = await pair(wire, { codec: lines() }, { codec: lines() });
    ours.connection.send("one");
    ours.connection.send("two");
    ours.connection.close();
    await theirs.diary.until("close");
    expect(theirs.diary.lines).toEqual(["connect", "message one", "message two", "close"]);
  });

  test("a handler that throws is told, with its name, and closes its connection alone", async () => {
    const bad = await pair(
      wire,
      {
        codec: lines(),
        onMessage() {
          throw new Error("oops");
        },
      },
      { codec: lines() },
    );
    const good = await pair(wire, { codec: lines() }, { codec: lines() });
    bad[1].connection.send("one");
    bad[1].connection.send("two");
    good[1].connection.send("three");
    await bad[0].diary.until("close");
    await bad[1].diary.until("close");
    await good[0].diary.until("message three");
    expect(bad[0].diary.lines).toEqual(["connect", "message one", "error oops in onMessage", "close"]);
    expect(good[0].connection.state).toBe("open");
  });
});

describe("an async handler", () => {
  test("holds back the next message of its connection, and of no other", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = overFake({ codec: lines(), onMessage: () => promise });
    const quick = overFake({ codec: lines() });
    slow.transport.receive("one\ntwo\n");
    slow.transport.receive("three\n");
    quick.transport.receive("one\ntwo\n");
    await settled();
    expect(slow.diary.news()).toEqual(["connect", "message one"]);
    expect(quick.diary.news()).toEqual(["connect", "message one", "message two"]);
    resolve();
    await settled();
    expect(slow.diary.news()).toEqual(["message two", "message three"]);
  });

  test("that rejects is told and closes its connection", async () => {
    const { transport, diary } = overFake({
      codec: lines(),
      onMessage: () => Promise.reject(new Error("oops")),
    });
    transport.receive("one\ntwo\n");
    await settled();
    expect(diary.lines).toEqual(["connect", "message one", "error oops in onMessage"]);
    expect(transport.hasEnded).toBe(true);
  });

  test("that rejects after the close is told all the same: somebody's program is wrong", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const { connection, transport, diary } = overFake({ codec: lines(), onMessage: () => promise });
    transport.receive("one\n");
    connection.destroy();
    await settled();
    reject(new Error("oops"));
    await settled();
    expect(diary.lines).toEqual(["connect", "message one", "close", "error oops in onMessage"]);
  });

  test("answers a peer that has ended meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { connection, transport, diary } = overFake({
      codec: lines(),
      async onMessage(connection, line) {
        await promise;
        connection.send(`answer to ${line}`);
      },
    });
    transport.receive("one\ntwo\n");
    transport.handler.peerEnded();
    await settled();
    expect(connection.state).toBe("open");
    resolve();
    await settled();
    expect(transport.written).toBe("answer to one\nanswer to two\n");
    expect(transport.hasEnded).toBe(true);
    expect(diary.lines).toEqual(["connect", "message one", "message two"]);
  });

  test("sees all its messages when both sides have ended meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { connection, transport, diary } = overFake({ codec: lines(), onMessage: () => promise });
    connection.closeWrite("question");
    transport.receive("one\ntwo\nthree\n");
    transport.handler.peerEnded();
    transport.handler.gone();
    await settled();
    expect(diary.news()).toEqual(["connect", "message one"]);
    resolve();
    await settled();
    expect(diary.news()).toEqual(["message two", "message three", "close"]);
    expect(connection.state).toBe("closed");
  });

  test.each([false, true])(
    "that never settles does not keep its connection open (both ended: %s)",
    async (ended) => {
      for (const leave of ["destroy", "close"] as const) {
        const { connection, transport, diary } = overFake({
          codec: lines(),
          onMessage: () => new Promise(() => {}),
        });
        transport.receive("one\n");
        connection.closeWrite();
        transport.handler.peerEnded();
        if (ended) transport.handler.gone();
        connection[leave]();
        if (!ended && leave === "close") transport.handler.gone();
        await settled();
        expect(diary.lines).toEqual(["connect", "message one", "close"]);
      }
    },
  );
});

describe("a handler that throws", () => {
  const oops = () => {
    throw new Error("oops");
  };
  const provoke: Record<
    Exclude<Told, "onError">,
    (its: ReturnType<typeof overFake<string, string, string>>) => void
  > = {
    onConnect: () => {},
    onMessage: ({ transport }) => transport.receive("one\n"),
    onNote: ({ transport }) => transport.receive("note\n"),
    onEnd: ({ transport }) => transport.handler.peerEnded(),
    onBufferFull({ connection, transport }) {
      transport.room = 0;
      connection.send("12345");
      connection.send("12345");
    },
    onBufferDrain({ connection, transport }) {
      transport.room = 0;
      connection.send("12345");
      connection.send("12345");
      transport.take();
    },
    onClose: ({ connection }) => connection.destroy(),
  };

  const noted = notedLines<string>((link) => ({
    decode(frame) {
      const line = frame.toString();
      if (line === "note\n") link.note("noted");
      return line;
    },
  }));

  test.each(Object.entries(provoke))("%s is told with that name", async (name, provoke) => {
    for (const thrower of [oops, async () => oops()]) {
      const its = overFake({ codec: noted, allowHalfOpen: true, maxSendBufferSize: 10, [name]: thrower });
      provoke(its);
      await settled();
      await settled();
      expect(its.diary.lines).toContain(`error oops in ${name}`);
      expect(its.diary.errors).toHaveLength(1);
      expect(its.connection.state).not.toBe("open");
      expect(its.stats.errors).toBe(1);
      its.transport.handler.gone();
      await settled();
      expect(its.diary.count("close")).toBe(1);
    }
  });

  test("lets the codec say goodbye with the fault", async () => {
    const { transport } = overFake({ codec: parting(), onMessage: oops });
    transport.receive("one\n");
    await settled();
    expect(transport.written).toBe("bye fault\n");
  });

  test("in onError is printed, and changes nothing", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const thrower of [oops, async () => oops()]) {
      const { transport, diary } = overFake({ codec: lines(), onMessage: oops, onError: thrower });
      transport.receive("one\n");
      await settled();
      expect(diary.lines).toEqual(["connect", "message one", "error oops in onMessage"]);
      expect(transport.hasEnded).toBe(true);
    }
    expect(printed.mock.calls.map(([where]) => String(where))).toEqual([
      expect.stringMatching(/^connection \d+, onError:$/),
      expect.stringMatching(/^connection \d+, onError:$/),
    ]);
    printed.mockRestore();
  });
});

describe("without onError", () => {
  test("a fault of a handler is printed, one of the network is not", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const [faulty] = connectedPair(
      {
        codec: raw(),
        onConnect() {
          throw new Error("oops");
        },
      },
      { codec: raw() },
    );
    const [, peer] = connectedPair({ codec: raw() }, { codec: raw() });
    await settled();
    peer.destroy();
    await settled();
    expect(printed.mock.calls).toEqual([
      [expect.stringMatching(/^connection \d+, onConnect:$/), expect.objectContaining({ message: "oops" })],
    ]);
    printed.mockRestore();
    faulty.destroy();
  });
});

describe("a callback assigned on a connection", () => {
  test("takes the place of the one in the options, for that connection", async () => {
    const [left, right] = await pair("memory", { codec: lines() }, { codec: lines() });
    const mine: string[] = [];
    left.connection.onMessage = (_, line) => mine.push(line);
    left.connection.onClose = () => mine.push("close");
    right.connection.send("one");
    right.connection.close();
    await settled();
    expect(mine).toEqual(["one", "close"]);
    expect(left.diary.lines).toEqual(["connect"]);
    expect(right.diary.lines).toEqual(["connect", "close"]);
  });

  test("and taken away gives place to it again", async () => {
    const { connection, transport, diary } = overFake({ codec: lines() });
    const mine: string[] = [];
    connection.onMessage = (_, line) => mine.push(line);
    transport.receive("one\n");
    connection.onMessage = undefined;
    transport.receive("two\n");
    expect(mine).toEqual(["one"]);
    expect(diary.lines).toEqual(["connect", "message two"]);
  });

  test("errors go to the connection's own onError", () => {
    const { connection, transport, diary } = overFake({
      codec: lines(),
      onMessage() {
        throw new Error("oops");
      },
    });
    const mine: [string, ErrorPhase][] = [];
    connection.onError = (_, error, phase) => mine.push([(error as Error).message, phase]);
    transport.receive("one\n");
    expect(mine).toEqual([["oops", "onMessage"]]);
    expect(diary.lines).toEqual(["connect", "message one"]);
  });
});

test("callbacks see the options as `this`", async () => {
  const seen: unknown[] = [];
  const options = {
    codec: lines(),
    onConnect(this: unknown) {
      seen.push(this);
    },
    onMessage(this: unknown) {
      seen.push(this);
    },
  };
  const [, peer] = connectedPair(options, { codec: lines() });
  await settled();
  peer.send("one");
  await settled();
  expect(seen).toEqual([options, options]);
  peer.destroy();
});

test("onConnect comes after the handshake, and before the first message", () => {
  const { transport, diary } = overFake({ codec: greeting() });
  expect(diary.lines).toEqual([]);
  transport.receive("hello\none\n");
  expect(diary.lines).toEqual(["connect", "message one"]);
});

test("a message sent in onConnect goes out first", async () => {
  const [, theirs] = await pair(
    "tcp",
    { codec: lines(), onConnect: (connection) => connection.send("welcome") },
    { codec: lines() },
  );
  await theirs.diary.until("message welcome");
  expect(theirs.diary.lines).toEqual(["connect", "message welcome"]);
});

test("in onClose, send answers closed and nothing throws", async () => {
  const answers: unknown[] = [];
  const { connection } = overFake({
    codec: lines(),
    onClose(connection) {
      answers.push(connection.send("late"), connection.state, connection.sendBufferSize);
      connection.close();
      connection.destroy();
    },
  });
  connection.destroy();
  await settled();
  expect(answers).toEqual(["closed", "closed", 0]);
});

describe("a codec that is wrong", () => {
  const broken = (where: "input" | "decode" | "finish" | "closed") =>
    lines(() => ({
      [where]() {
        throw new Error("a bug");
      },
    }));

  test.each(["input", "decode", "finish"] as const)(
    "in %s is told so, and its connection cut",
    async (where) => {
      const { transport, diary } = overFake({ codec: broken(where) });
      transport.receive("one\n");
      transport.handler.peerEnded();
      await settled();
      expect(diary.lines.filter((line) => line.startsWith("error"))).toEqual([`error a bug in ${where}`]);
      expect(transport.isDestroyed).toBe(true);
      expect(diary.lines.at(-1)).toBe("close");
    },
  );

  test("in closed is told, and closes all the same", async () => {
    const { connection, diary } = overFake({ codec: broken("closed") });
    connection.destroy();
    await settled();
    expect(diary.lines).toEqual(["connect", "error a bug in closed", "close"]);
  });
});

test("a drop is told with the numbers", () => {
  const { connection, transport, diary } = overFake({ codec: lines(), maxSendBufferSize: 4 });
  transport.room = 0;
  connection.send("12345");
  connection.send("6");
  const [error] = diary.errors;
  expect(error).toBeInstanceOf(SockError);
  expect(String(error)).toBe("SockError: a message was dropped: 6 bytes wait, and 4 may");
});

test("every open has one close, whatever ends it", async () => {
  type Its = ReturnType<typeof overFake<string, string, never>>;
  const ends: Record<string, (its: Its) => void> = {
    "the peer ends": ({ transport }) => {
      transport.handler.peerEnded();
      transport.handler.gone();
    },
    "the peer ends within a frame": ({ transport }) => {
      transport.receive("on");
      transport.handler.peerEnded();
      transport.handler.gone();
    },
    "we close": ({ connection, transport }) => {
      connection.close();
      transport.handler.gone();
    },
    "we destroy": ({ connection }) => connection.destroy(),
    "a reset": ({ transport }) => transport.handler.gone(new Error("reset")),
    "a reset while closing": ({ connection, transport }) => {
      connection.close();
      transport.handler.gone(new Error("reset"));
    },
    "a handler throws": ({ connection, transport }) => {
      connection.onMessage = () => {
        throw new Error("oops");
      };
      transport.receive("one\n");
      transport.handler.gone();
    },
    "a frame too large": ({ connection, transport }) => {
      connection.maxPackageSize = 3;
      transport.receive("12345");
      transport.handler.gone();
    },
    "half closed": ({ connection, transport }) => {
      connection.closeWrite();
      transport.handler.peerEnded();
      transport.handler.gone();
    },
    "closed while messages wait": ({ connection, transport }) => {
      connection.pauseRecv();
      transport.receive("one\ntwo\n");
      connection.closeWrite();
      transport.handler.peerEnded();
      transport.handler.gone();
      connection.resumeRecv();
    },
  };
  for (const [name, end] of Object.entries(ends)) {
    const closed: unknown[] = [];
    const its = overFake<string, string, never>({
      codec: lines(),
      onClose: (connection) => closed.push(connection),
    });
    end(its);
    await settled();
    expect.soft(closed, name).toEqual([its.connection]);
    expect.soft(its.connection.state, name).toBe("closed");
    expect.soft(its.stats.connections, name).toBe(0);
  }
});
