import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type HandlerTrace, handlerTracing, type Logger, listen } from "../src/index.ts";
import { lines, notedLines } from "./support/codecs.ts";
import { dial } from "./support/dial.ts";
import { nameOf } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

const events = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;

describe("handlers, traced,", () => {
  const told: string[] = [];
  const tell = (event: string) => (trace: unknown) => {
    const { handler, argument, error } = trace as HandlerTrace;
    told.push(
      [event, handler, argument && nameOf(argument), error && nameOf(error)].filter(Boolean).join(" "),
    );
  };
  const subscribers = Object.fromEntries(events.map((event) => [event, tell(event)])) as never;

  afterEach(() => {
    handlerTracing.unsubscribe(subscribers);
    told.length = 0;
  });

  function begin(options: object) {
    handlerTracing.subscribe(subscribers);
    return overFake({ codec: lines(), ...options });
  }

  test("start and end around what they do", () => {
    const { transport } = begin({ onMessage: () => void told.push("the handler runs") });
    told.length = 0;
    transport.receive("hello\n");
    expect(told).toEqual(["start onMessage", "the handler runs", "end onMessage"]);
  });

  test("and are settled later, when they are async", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { transport } = begin({ onMessage: () => promise });
    told.length = 0;
    transport.receive("one\ntwo\n");
    expect(told).toEqual(["start onMessage", "end onMessage"]);
    resolve();
    await settled();
    expect(told.slice(2, 6)).toEqual([
      "asyncStart onMessage",
      "asyncEnd onMessage",
      "start onMessage",
      "end onMessage",
    ]);
  });

  test("what they throw is told, and goes the way that it goes", async () => {
    const { transport, diary } = begin({
      onMessage() {
        throw new Error("oops");
      },
    });
    transport.receive("hello\n");
    await settled();
    expect(told).toContain("error onMessage oops");
    expect(diary.lines).toEqual(["connect", "message hello", "error oops in onMessage"]);
  });

  test("what they reject with too", async () => {
    const { transport, diary } = begin({ onMessage: () => Promise.reject(new Error("oops")) });
    told.length = 0;
    transport.receive("hello\n");
    await settled();
    expect(told.slice(0, 5)).toEqual([
      "start onMessage",
      "end onMessage",
      "error onMessage oops",
      "asyncStart onMessage oops",
      "asyncEnd onMessage oops",
    ]);
    expect(diary.lines).toEqual(["connect", "message hello", "error oops in onMessage"]);
  });

  test("are all of them", async () => {
    const { transport, connection } = begin({
      codec: notedLines<string>((link) => ({
        farewell: () => {
          link.note("bye");
          link.end();
        },
      })),
      maxSendBufferSize: 1,
      allowHalfOpen: true,
    });
    transport.room = 0;
    connection.send("full");
    connection.send("dropped");
    transport.take();
    transport.handler.peerEnded();
    connection.close();
    transport.handler.gone();
    const started = told.filter((line) => line.startsWith("start")).map((line) => line.split(" ")[1]);
    expect(started).toEqual([
      "onConnect",
      "onBufferFull",
      "onError",
      "onBufferDrain",
      "onEnd",
      "onNote",
      "onClose",
    ]);
  });

  test("answers as they do untraced: one message does not wait for another", () => {
    const { transport, diary } = begin({});
    transport.receive("one\ntwo\n");
    expect(diary.lines).toEqual(["connect", "message one", "message two"]);
  });

  test("run in the store that is bound to their start", async () => {
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    handlerTracing.start.bindStore(store as never, (trace) => (trace as HandlerTrace).handler as never);
    const { transport } = overFake({
      codec: lines(),
      async onMessage() {
        seen.push(store.getStore());
        await settled();
        seen.push(store.getStore());
      },
    });
    transport.receive("hello\n");
    await settled();
    await settled();
    handlerTracing.start.unbindStore(store as never);
    expect(seen).toEqual(["onMessage", "onMessage"]);
  });
});

describe("a logger", () => {
  const oops = new Error("oops");
  const broken = {
    codec: lines(),
    onMessage() {
      throw oops;
    },
  };

  function kept() {
    const logged: [unknown, string][] = [];
    const logger: Logger = { error: (details, sentence) => void logged.push([details.err, sentence]) };
    return { logged, logger };
  }

  test("hears of what a handler throws when there is no onError", async () => {
    const { logged, logger } = kept();
    await using server = await listen("tcp://127.0.0.1:0", { ...broken, logger });
    const peer = await dial(server.address);
    peer.write("hello\n");
    while (logged.length === 0) await settled();
    expect(logged).toEqual([[oops, expect.stringMatching(/^connection \d+, onMessage$/)]]);
  });

  test("hears of what onError throws", () => {
    const { logged, logger } = kept();
    const { transport } = overFake({
      ...broken,
      logger,
      onError() {
        throw new Error("oops again");
      },
    });
    transport.receive("hello\n");
    expect(logged.map(([error, sentence]) => `${sentence}: ${nameOf(error)}`)).toEqual([
      expect.stringMatching(/^connection \d+, onError: oops again$/),
    ]);
  });

  test("of a server hears of a codec that cannot be made", async () => {
    const { logged, logger } = kept();
    await using server = await listen("tcp://127.0.0.1:0", {
      logger,
      codec() {
        throw oops;
      },
    });
    await dial(server.address);
    while (logged.length === 0) await settled();
    expect(logged).toEqual([[oops, `server ${server.address}`]]);
  });

  test("is stderr unless given, and may be the console", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const logger of [undefined, console]) {
      await using server = await listen("tcp://127.0.0.1:0", { ...broken, ...(logger && { logger }) });
      const peer = await dial(server.address);
      peer.write("hello\n");
      while (printed.mock.calls.length === 0) await settled();
      expect(printed.mock.calls).toHaveLength(1);
      expect(printed.mock.calls[0]!.flatMap((word) => (word?.err === undefined ? word : word.err))).toContain(
        oops,
      );
      printed.mockClear();
    }
    printed.mockRestore();
  });
});
