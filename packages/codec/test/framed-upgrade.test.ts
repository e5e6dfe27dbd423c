import { describe, expect, test, vi } from "vitest";
import type { CodecFactory, CodecLink } from "../src/codec.ts";
import { record, script, sized, sizedHeader, start, textOf, ways } from "./toys.ts";

/** Every byte is a message, in capitals. */
const shouting: CodecFactory<string, string, string> = () => ({
  input: () => 1,
  decode: (frame) => textOf(frame).toUpperCase(),
  encode: (message) => message.toUpperCase(),
});

describe.each(ways)("fed %s", (_, feed) => {
  test("the next codec takes over from the next unread byte on", () => {
    const { framed, log } = start(script({ next: shouting }));
    feed(framed, "say a\nupgrade\nxyz");
    expect(log).toEqual(["message a", "message X", "message Y", "message Z"]);
  });

  test("the message of the same call is delivered after it, so its handler sends by the next codec", () => {
    const { framed, log } = start(script({ next: shouting }), {
      message: (message, framed) => message === "hello" && framed.send("welcome"),
    });
    feed(framed, "upgrade; say hello\nx");
    expect(log).toEqual(["message hello", "write WELCOME", "message X"]);
  });

  test("what was noted beside it happens, in order", () => {
    const next = script({ factory: "reply first" });
    const { framed, log } = start(script({ next }));
    feed(framed, "reply switching; upgrade; note accepted\nsay a\n");
    expect(log).toEqual(["reply switching", "reply first", "note accepted", "message a"]);
  });

  test("clears the old codec's hold", () => {
    const { framed, log } = start(script({ next: shouting }));
    feed(framed, "hold; upgrade\nx");
    expect(log).toEqual(["message X"]);
  });

  test("clears a hold from outside, too", () => {
    let link!: CodecLink<string>;
    const { framed, log } = start(script({ link: (its) => (link = its), next: shouting }));
    feed(framed, "hold; say a\nxy");
    link.upgrade(shouting);
    expect(log).toEqual(["message a", "message X", "message Y"]);
  });

  test("keeps the hold of the next codec's factory", () => {
    const { framed, log } = start(script({ next: script({ factory: "hold" }) }));
    feed(framed, "upgrade\nsay a\n");
    expect(log).toEqual([]);
  });

  test("by a handler works like one by the codec", () => {
    const { framed, log } = start(script(), {
      message: (message, framed) => message === "go" && framed.upgrade(shouting),
    });
    feed(framed, "say go\nx");
    expect(log).toEqual(["message go", "message X"]);
  });

  test("by input leaves all bytes to the next codec", () => {
    const sniffing: CodecFactory<string, string, string> = (link) => {
      link.maxPackageSize = 2;
      return {
        input([first]) {
          link.upgrade(first === 0 ? sized : script());
          return 0;
        },
        decode: () => undefined,
        encode: (message) => message,
      };
    };
    const text = start(sniffing);
    feed(text.framed, "say hello\n");
    expect(text.log).toEqual(["message hello"]);
    const binary = start(sniffing);
    feed(binary.framed, [sizedHeader(7), "abc"]);
    expect(binary.log).toEqual(["message abc"]);
  });

  test("forgets the length that the old codec told", () => {
    const { framed, log } = start<unknown, never>(sized as CodecFactory<unknown, never>);
    feed(framed, sizedHeader(0x4142));
    framed.upgrade(shouting);
    expect(log).toEqual(["message \0", "message \0", "message A", "message B"]);
  });

  test("may go on at once to a third codec", () => {
    const { framed, log } = start(script({ next: script({ factory: "upgrade", next: shouting }) }));
    feed(framed, "upgrade\nx");
    expect(log).toEqual(["message X"]);
  });
});

test("the old codec is closed, once", () => {
  const closed = vi.fn();
  const { framed } = start(script({ closed, next: shouting }));
  framed.receive(Buffer.from("upgrade\n"));
  expect(closed).toHaveBeenCalledExactlyOnceWith(undefined);
  framed.closed(new Error("gone"));
  expect(closed).toHaveBeenCalledOnce();
});

test("the old codec's link is dead", () => {
  let link!: CodecLink<string>;
  const { framed, log } = start(script({ link: (its) => (link = its), next: shouting }));
  framed.receive(Buffer.from("upgrade\n"));
  link.reply("x");
  link.note("x");
  link.end();
  link.phase("x");
  link.hold();
  link.upgrade(sized);
  framed.receive(Buffer.from("y"));
  expect(log).toEqual(["message Y"]);
});

test("the next codec's limit is the user's, not the old codec's own", () => {
  let limit = 0;
  const next = script({ link: (link) => (limit = link.maxPackageSize) });
  const { framed } = start(script({ link: (link) => (link.maxPackageSize = 20), next }), {
    maxPackageSize: 1000,
  });
  framed.receive(Buffer.from("upgrade\n"));
  expect(limit).toBe(1000);
});

test("a factory that throws is a failure, and every codec is closed once", () => {
  const closed = vi.fn();
  const { framed, log } = start(script({ closed, next: script({ factory: "reply sorry; throw no" }) }));
  framed.receive(Buffer.from("upgrade\nsay a\n"));
  expect(log).toEqual(["reply sorry", "failed no in factory"]);
  framed.closed();
  expect(closed).toHaveBeenCalledOnce();
});

test("a codec that takes over behind the peer's end is told of it", () => {
  const { framed, log } = start(script());
  framed.finish();
  framed.upgrade(script({ finish: "reply goodbye" }));
  expect(log).toEqual(["ended", "reply goodbye", "ended, stays writable"]);
});

test("an upgrade at the peer's end tells the next codec of it, too", () => {
  const { framed, log } = start(script({ finish: "upgrade", next: script({ finish: "reply goodbye" }) }));
  framed.finish();
  expect(log).toEqual(["reply goodbye", "ended, stays writable"]);
});

test("before the start, what the next codec asks for waits for the start", () => {
  const { framed, log } = record(script());
  framed.upgrade(script({ factory: "reply hello" }));
  framed.receive(Buffer.from("say a\n"));
  expect(log).toEqual([]);
  framed.start();
  expect(log).toEqual(["reply hello", "opened", "message a"]);
});
