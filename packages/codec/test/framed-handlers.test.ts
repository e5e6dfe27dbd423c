import { describe, expect, test } from "vitest";
import type { CodecLink } from "../src/codec.ts";
import { script, settled, start, ways } from "./toys.ts";

/** Handlers that stay pending until told, one for each message. */
function slow(options: { watch?: (line: string) => void } = {}) {
  const pending: PromiseWithResolvers<void>[] = [];
  const recorded = start(script(), {
    ...options,
    message() {
      const handler = Promise.withResolvers<void>();
      pending.push(handler);
      return handler.promise;
    },
  });
  const done = () => {
    pending.shift()!.resolve();
    return settled();
  };
  const broken = (why: string) => {
    pending.shift()!.reject(new Error(why));
    return settled();
  };
  return { ...recorded, done, broken };
}

describe.each(ways)("fed %s", (_, feed) => {
  test("while a handler's promise is pending, the next message waits", async () => {
    const { framed, log, done } = slow();
    feed(framed, "say a\nsay b\nsay c\n");
    expect(log).toEqual(["message a"]);
    await done();
    expect(log).toEqual(["message a", "message b"]);
    await done();
    expect(log).toEqual(["message a", "message b", "message c"]);
  });

  test("while a handler's promise is pending, frames that deliver nothing are still decoded; the loop stops when one message is waiting", async () => {
    const { framed, log, done } = slow();
    feed(framed, "say a\nreply 1\nreply 2; say b\nreply 3\n");
    expect(log).toEqual(["message a", "reply 1", "reply 2"]);
    expect(framed.isBlocked).toBe(true);
    expect(framed.unread).toBe("reply 3\n".length);
    await done();
    expect(log).toEqual(["message a", "reply 1", "reply 2", "message b", "reply 3"]);
    expect(framed.isBlocked).toBe(false);
  });

  test("a handler may await what a later frame brings", async () => {
    const body = Promise.withResolvers<void>();
    const { framed, log } = start(script(), {
      watch: (line) => line === "note piece" && body.resolve(),
      message: (message) => (message === "head" ? body.promise : undefined),
    });
    feed(framed, "say head\nnote piece\nsay next\n");
    await settled();
    expect(log).toEqual(["message head", "note piece", "message next"]);
  });

  test("a handler that throws is told of; no message follows, but frames are still decoded", () => {
    const { framed, log } = start(script(), {
      message: () => {
        throw new Error("oops");
      },
    });
    feed(framed, "say a; reply 1\nsay b; reply 2\n");
    expect(log).toEqual(["reply 1", "message a", "failed oops in message", "reply 2"]);
  });

  test("a handler whose promise rejects is one that throws", async () => {
    const { framed, log, broken } = slow();
    feed(framed, "say a\nsay b; reply 2\nreply 3; say c\n");
    await broken("oops");
    expect(log).toEqual(["message a", "reply 2", "failed oops in message", "reply 3"]);
  });
});

test("a pause keeps the message that waits, also when the handler is done", async () => {
  const { framed, log, done } = slow();
  framed.receive(Buffer.from("say a\nsay b\n"));
  framed.pause();
  await done();
  expect(log).toEqual(["message a"]);
  framed.resume();
  expect(log).toEqual(["message a", "message b"]);
});

test("anything with a then is waited for", async () => {
  const { framed, log } = start(script(), {
    // biome-ignore lint/suspicious/noThenProperty: what this test is about
    message: () => ({ then: (resolve: () => void) => setImmediate(resolve) }),
  });
  framed.receive(Buffer.from("say a\nsay b\n"));
  expect(log).toEqual(["message a"]);
  await settled();
  await settled();
  expect(log).toEqual(["message a", "message b"]);
});

test("a then that throws is a handler that throws", async () => {
  const { framed, log } = start(script(), {
    message: () => ({
      // biome-ignore lint/suspicious/noThenProperty: what this test is about
      then: () => {
        throw new Error("oops");
      },
    }),
  });
  framed.receive(Buffer.from("say a\n"));
  await settled();
  expect(log).toEqual(["message a", "failed oops in message"]);
});

describe("once muted", () => {
  test("messages go nowhere, but frames are still decoded", () => {
    const { framed, log } = start(script());
    framed.mute();
    framed.receive(Buffer.from("say a; reply pong\n"));
    expect(log).toEqual(["reply pong"]);
  });

  test("a pause and a pending handler stop nothing: the peer's goodbye is awaited", () => {
    const { framed, log } = slow();
    framed.receive(Buffer.from("say a\nsay b\nreply 1\n"));
    framed.pause();
    framed.mute();
    framed.receive(Buffer.from("say c; reply 2; end\n"));
    expect(log).toEqual(["message a", "reply 1", "reply 2", "end"]);
  });

  test("a hold does stop: the codec itself is not ready", () => {
    let link!: CodecLink<string>;
    const { framed, log } = start(script({ link: (its) => (link = its) }));
    framed.receive(Buffer.from("hold\nreply 1\n"));
    framed.mute();
    expect(log).toEqual([]);
    link.release();
    expect(log).toEqual(["reply 1"]);
  });

  test("the message that waited is dropped, and its end comes", async () => {
    const { framed, log, done } = slow();
    framed.receive(Buffer.from("say a\nsay b; end\n"));
    framed.mute();
    await done();
    expect(log).toEqual(["message a", "end"]);
  });

  test("a handler that throws is still told of", async () => {
    const { framed, log, broken } = slow();
    framed.receive(Buffer.from("say a\n"));
    framed.mute();
    await broken("oops");
    expect(log).toEqual(["message a", "failed oops in message"]);
  });
});
