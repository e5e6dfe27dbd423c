import { describe, expect, test, vi } from "vitest";
import type { CodecLink } from "../src/codec.ts";
import { record, script, settled, sized, start, ways } from "./toys.ts";

describe.each(ways)("fed %s", (_, feed) => {
  test("the peer's end is told behind the messages that came before it", () => {
    const { framed, log } = start(script());
    feed(framed, "say a\nsay b\n");
    framed.finish();
    expect(log).toEqual(["message a", "message b", "ended"]);
  });

  test("an end inside a frame is UNEXPECTED_END", () => {
    const { framed, log } = start(script());
    feed(framed, "say a\nsay b");
    framed.finish();
    expect(log).toEqual(["message a", "failed UNEXPECTED_END in finish"]);
  });

  test("a codec with finish gets the rest, may deliver a last message, and keeps our side writable", () => {
    const { framed, log } = start(script({ finish: "reply bye; say rest" }));
    feed(framed, "say a\nxyz");
    framed.finish();
    expect(log).toEqual(["message a", "reply bye", "message restxyz", "ended, stays writable"]);
  });

  test("finish is called when there is no rest, too", () => {
    const { framed, log } = start(script({ finish: "reply bye" }));
    feed(framed, "say a\n");
    framed.finish();
    expect(log).toEqual(["message a", "reply bye", "ended, stays writable"]);
  });

  test("bytes behind the end are ignored", () => {
    const { framed, log } = start(script());
    framed.finish();
    feed(framed, "say a\n");
    expect(log).toEqual(["ended"]);
  });
});

describe("the peer's end waits behind", () => {
  test("a pause", () => {
    const { framed, log } = start(script({ finish: "reply bye" }));
    framed.pause();
    framed.receive(Buffer.from("say a\n"));
    framed.finish();
    expect(log).toEqual([]);
    framed.resume();
    expect(log).toEqual(["message a", "reply bye", "ended, stays writable"]);
  });

  test("a hold", () => {
    let link!: CodecLink<string>;
    const { framed, log } = start(script({ link: (its) => (link = its), finish: "reply bye" }));
    framed.receive(Buffer.from("hold\n"));
    framed.finish();
    expect(log).toEqual([]);
    link.release();
    expect(log).toEqual(["reply bye", "ended, stays writable"]);
  });

  test("a pending handler, though the codec is told at once", async () => {
    const handler = Promise.withResolvers<void>();
    const { framed, log } = start(script({ finish: "reply bye" }), { message: () => handler.promise });
    framed.receive(Buffer.from("say a\n"));
    framed.finish();
    expect(log).toEqual(["message a", "reply bye"]);
    handler.resolve();
    await settled();
    expect(log).toEqual(["message a", "reply bye", "ended, stays writable"]);
  });

  test("a last message that waits for a handler", async () => {
    const handlers: PromiseWithResolvers<void>[] = [];
    const { framed, log } = start(script({ finish: "say last" }), {
      message() {
        handlers.push(Promise.withResolvers());
        return handlers.at(-1)!.promise;
      },
    });
    framed.receive(Buffer.from("say a\n"));
    framed.finish();
    handlers[0]!.resolve();
    await settled();
    expect(log).toEqual(["message a", "message last"]);
    handlers[1]!.resolve();
    await settled();
    expect(log).toEqual(["message a", "message last", "ended, stays writable"]);
  });

  test("the start", () => {
    const { framed, log } = record(script());
    framed.receive(Buffer.from("say a\n"));
    framed.finish();
    framed.start();
    expect(log).toEqual(["opened", "message a", "ended"]);
  });
});

test("the peer's end is told once", () => {
  const { framed, log } = start(script());
  framed.finish();
  framed.finish();
  framed.resume();
  expect(log).toEqual(["ended"]);
});

test("a handler may finish", () => {
  const { framed, log } = start(script(), { message: (_, framed) => framed.finish() });
  framed.receive(Buffer.from("say a\n"));
  expect(log).toEqual(["message a", "ended"]);
});

describe("farewell", () => {
  test("is false without one in the codec: our side may end at once", () => {
    const { framed, log } = start(script());
    expect(framed.farewell({ why: "close" })).toBe(false);
    expect(log).toEqual([]);
  });

  test("is true with one, whose wishes are carried out", () => {
    const { framed, log } = start(script({ farewell: "reply bye; end" }));
    expect(framed.farewell({ why: "stop" })).toBe(true);
    expect(log).toEqual(["reply bye", "end"]);
  });

  test("tells the codec why", () => {
    const { framed, log } = start(script({ farewell: "reply" }));
    framed.farewell({ why: "drain" });
    expect(log).toEqual(["reply drain"]);
  });

  test("that throws is a failure, and false", () => {
    const { framed, log } = start(script({ farewell: "reply bye; throw oops" }));
    expect(framed.farewell({ why: "close" })).toBe(false);
    expect(log).toEqual(["reply bye", "failed oops close in farewell"]);
  });

  test("is not asked of a codec that has failed or is closed", () => {
    for (const stop of [framedFails, framedCloses]) {
      const { framed, log } = start(script({ farewell: "reply bye" }));
      stop(framed);
      log.length = 0;
      expect(framed.farewell({ why: "close" })).toBe(false);
      expect(log).toEqual([]);
    }
  });
});

describe("once closed", () => {
  test("the codec is told, once, why", () => {
    const closed = vi.fn();
    const { framed } = start(script({ closed }));
    const reset = new Error("reset");
    framed.closed(reset);
    framed.closed();
    expect(closed).toHaveBeenCalledExactlyOnceWith(reset);
  });

  test("the codec is told also when it has failed before", () => {
    const closed = vi.fn();
    const { framed } = start(script({ closed }));
    framedFails(framed);
    expect(closed).not.toHaveBeenCalled();
    framed.closed();
    expect(closed).toHaveBeenCalledOnce();
  });

  test("a codec that throws at it has a bug that is told of", () => {
    const { framed, log } = start(
      script({
        closed() {
          throw new Error("oops");
        },
      }),
    );
    framed.closed();
    expect(log).toEqual(["failed oops in closed"]);
  });

  test.each([
    ["closed", framedCloses],
    ["failed", framedFails],
  ])("link calls do nothing: %s", (_, stop) => {
    let link!: CodecLink<string>;
    const { framed, log } = start(script({ link: (its) => (link = its) }));
    link.hold();
    link.release();
    stop(framed);
    log.length = 0;
    link.reply("x");
    link.note("x");
    link.phase("x");
    link.hold();
    link.release();
    link.upgrade(sized);
    link.end();
    expect(log).toEqual([]);
  });

  test("no call brings anything out", async () => {
    const handler = Promise.withResolvers<void>();
    const encode = vi.fn(() => "");
    const { framed, log } = start<number>(
      () => ({ input: () => 1, decode: ([byte]) => byte, encode, farewell: encode, finish: encode as never }),
      { message: () => handler.promise },
    );
    framed.receive(Buffer.from("ab"));
    framed.closed();
    log.length = 0;
    framed.receive(Buffer.from("c"));
    framed.send(1);
    framed.resume();
    framed.mute();
    framed.upgrade(encode as never);
    framed.farewell({ why: "close" });
    framed.finish();
    handler.reject(new Error("too late"));
    await settled();
    expect(log).toEqual([]);
    expect(encode).not.toHaveBeenCalled();
  });

  test("nothing is kept", () => {
    const { framed } = start(script());
    framed.receive(Buffer.from("say a"));
    framed.closed();
    expect(framed.retained).toBe(0);
  });

  test("by a handler, the rest of the chunk is not decoded", () => {
    const { framed, log } = start(script(), { message: (_, framed) => framed.closed() });
    framed.receive(Buffer.from("say a; end\nreply x\n"));
    expect(log).toEqual(["message a"]);
  });

  test("by whoever takes a reply, neither the rest nor the message comes out", () => {
    const { framed, log } = start(script(), { watch: closeAtOutput });
    framed.receive(Buffer.from("reply 1; reply 2; note 3; say a; end\n"));
    expect(log).toEqual(["reply 1"]);
  });

  test("by whoever takes what was sent, what encode asked for does not come out", () => {
    const { framed, log } = start(script(), { watch: closeAtOutput });
    framed.send("reply x; end");
    expect(log).toEqual(["write reply x; end"]);
  });

  test("by what input asked for, the frame is not decoded", () => {
    const decode = vi.fn(() => "");
    const { framed, log } = start<string>(
      (link) => ({
        input() {
          link.reply("x");
          return 1;
        },
        decode,
        encode: (message) => message,
      }),
      { watch: closeAtOutput },
    );
    framed.receive(Buffer.from("a"));
    expect(log).toEqual(["reply x"]);
    expect(decode).not.toHaveBeenCalled();
  });
});

function closeAtOutput(line: string, framed: Stoppable): void {
  if (line !== "opened") framed.closed();
}

type Stoppable = { receive(chunk: Uint8Array): void; closed(): void };

function framedCloses(framed: Stoppable): void {
  framed.closed();
}

function framedFails(framed: Stoppable): void {
  framed.receive(Buffer.from("break\n"));
}
