import { describe, expect, test } from "vitest";
import type { CodecFactory, CodecLink } from "../src/codec.ts";
import { Framed } from "../src/framed.ts";
import { script, start, textOf, ways } from "./toys.ts";

describe.each(ways)("fed %s", (_, feed) => {
  test("a reply noted in decode goes out before the message is delivered", () => {
    const { framed, log } = start(script());
    feed(framed, "say hello; reply pong\n");
    expect(log).toEqual(["reply pong", "message hello"]);
  });

  test("effects happen in the order they were noted", () => {
    const { framed, log } = start(script());
    feed(framed, "reply 1; note 2; reply 3; note 4\n");
    expect(log).toEqual(["reply 1", "note 2", "reply 3", "note 4"]);
  });

  test("an end noted in decode waits until its message was delivered", () => {
    const { framed, log } = start(script());
    feed(framed, "end; reply bye; say last\n");
    expect(log).toEqual(["reply bye", "message last", "end"]);
  });

  test("an end noted with nothing to deliver comes after the other effects", () => {
    const { framed, log } = start(script());
    feed(framed, "end; reply bye\n");
    expect(log).toEqual(["reply bye", "end"]);
  });

  test("what a handler sends comes behind the replies of its frame and before those of the next", () => {
    const { framed, log } = start(script(), { message: (_, framed) => framed.send("answer") });
    feed(framed, "reply 1; say a\nreply 2; say b\n");
    expect(log).toEqual([
      ...["reply 1", "message a", "write answer"],
      ...["reply 2", "message b", "write answer"],
    ]);
  });

  test("what input asks for happens before its frame is decoded", () => {
    const { framed, log } = start(looking((link) => link.reply("continue")));
    feed(framed, "x");
    expect(log).toEqual(["reply continue", "message x"]);
  });

  test("an end that input asks for comes when input has returned", () => {
    const { framed, log } = start(looking((link) => link.end(), 0));
    feed(framed, "x");
    expect(log).toEqual(["end"]);
  });
});

test("what encode asks for follows its bytes", () => {
  const { framed, log } = start(script());
  framed.send("end; reply x; note y");
  expect(log).toEqual(["write end; reply x; note y", "reply x", "note y", "end"]);
});

test("what is asked outside any codec call happens at once", () => {
  let link!: CodecLink<string>;
  const { log } = start(script({ link: (its) => (link = its) }));
  link.end();
  link.reply("x");
  link.note("y");
  expect(log).toEqual(["end", "reply x", "note y"]);
});

test("a phase is named at once", () => {
  const { framed, log } = start(script());
  framed.receive(Buffer.from("reply x; phase head\n"));
  expect(log).toEqual(['phase head {"within":5}', "reply x"]);
});

test("what decode asked for waits for its return, whatever is sent meanwhile", () => {
  const { framed, log } = start<string>((link) => ({
    input: () => 1,
    decode() {
      link.reply("pong");
      link.end();
      framed.send("sent within decode");
      log.push("decode returns");
      return "last";
    },
    encode: (message) => message,
  }));
  framed.receive(Buffer.from("x"));
  expect(log).toEqual(["write sent within decode", "decode returns", "reply pong", "message last", "end"]);
});

describe("while a message waits for the handler of the one before it", () => {
  const handler = Promise.withResolvers<void>();
  const slow = { message: () => handler.promise };

  test("its end waits too, whatever is sent meanwhile", () => {
    const { framed, log } = start(script(), slow);
    framed.receive(Buffer.from("say a\nsay b; end\n"));
    framed.send("answer");
    expect(log).toEqual(["message a", "write answer"]);
  });

  test("an end that encode asks for comes with its bytes", () => {
    const { framed, log } = start(script(), slow);
    framed.receive(Buffer.from("say a\nsay b\n"));
    framed.send("end");
    expect(log).toEqual(["message a", "write end", "end"]);
  });
});

test("an end that waits with its message comes right after it", async () => {
  const handler = Promise.withResolvers<void>();
  const { framed, log } = start(script(), { message: () => handler.promise });
  framed.receive(Buffer.from("say a\nsay b; end\n"));
  handler.resolve();
  await handler.promise;
  await handler.promise;
  expect(log).toEqual(["message a", "message b", "end"]);
});

test("a sink without reply gets replies by write", () => {
  const written: string[] = [];
  const sink = {
    message() {},
    failed() {},
    write: (encoded: unknown) => void written.push(textOf(encoded as string)),
  };
  const framed = new Framed(script(), sink);
  framed.start();
  framed.receive(Buffer.from("reply pong; note n; end; phase p\n"));
  expect(written).toEqual(["pong"]);
});

test("the link's clock is the sink's", () => {
  let now = 0;
  start(script({ link: (link) => (now = link.now()) }));
  expect(now).toBe(42);
});

test("without one in the sink, it is the machine's", () => {
  const before = performance.now();
  let now = 0;
  new Framed(script({ link: (link) => (now = link.now()) }), { message() {}, write() {}, failed() {} });
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(performance.now());
});

/** Frames of one byte. `input` does something when it looks; it finds no frame if told so. */
function looking(look: (link: CodecLink<string>) => void, length = 1): CodecFactory<string, string, string> {
  return (link) => ({
    input() {
      look(link);
      return length;
    },
    decode: textOf,
    encode: (message) => message,
  });
}
