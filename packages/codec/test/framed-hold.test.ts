import { describe, expect, test } from "vitest";
import type { CodecLink } from "../src/codec.ts";
import { script, settled, start, textOf, ways } from "./toys.ts";

/** A script whose link stays at hand. */
function held() {
  let link!: CodecLink<string>;
  const recorded = start(script({ link: (its) => (link = its) }));
  return { ...recorded, link };
}

describe.each(ways)("fed %s", (_, feed) => {
  test("a hold in decode lets its own message pass and stops what follows", () => {
    const { framed, log } = held();
    feed(framed, "hold; say a\nreply x; say b\n");
    expect(log).toEqual(["message a"]);
    expect(framed.isBlocked).toBe(true);
    expect(framed.unread).toBe("reply x; say b\n".length);
  });

  test("a release goes on where the hold began", () => {
    const { framed, log, link } = held();
    feed(framed, "hold; say a\nsay b\nsay c\n");
    link.release();
    expect(log).toEqual(["message a", "message b", "message c"]);
    expect(framed.isBlocked).toBe(false);
  });

  test("a release in encode lets the next message pass, behind the bytes", () => {
    const { framed, log } = held();
    feed(framed, "hold; say a\nhold; say b\nsay c\n");
    framed.send("release");
    expect(log).toEqual(["message a", "write release", "message b"]);
  });

  test("answers stay in order when each handler answers at once", () => {
    const { framed, log } = start(script(), {
      message: (message, framed) => framed.send(`release ${message}`),
    });
    feed(framed, "hold; say a\nhold; say b\n");
    expect(log).toEqual(["message a", "write release a", "message b", "write release b"]);
  });

  test("a hold released in the same call holds nothing", () => {
    const { framed, log } = held();
    feed(framed, "hold; release; say a\nsay b\n");
    expect(log).toEqual(["message a", "message b"]);
  });

  test("a hold of the factory stops the first frame", () => {
    const { framed, log } = start(script({ factory: "hold" }));
    feed(framed, "say a\n");
    expect(log).toEqual([]);
  });

  test("a hold that input asks for leaves the measured frame alone, and keeps its length", () => {
    let looks = 0;
    let link!: CodecLink;
    const { framed, log } = start<string>((its) => {
      link = its;
      return {
        input() {
          looks += 1;
          link.hold();
          return 2;
        },
        decode: textOf,
        encode: (message) => message,
      };
    });
    feed(framed, "ab");
    expect(log).toEqual([]);
    link.release();
    expect(log).toEqual(["message ab"]);
    expect(looks).toBe(1);
  });
});

test("a release where nothing is held does nothing", () => {
  const { framed, log, link } = held();
  link.release();
  framed.receive(Buffer.from("release; say a\n"));
  expect(log).toEqual(["message a"]);
});

test("a message that had to wait for a handler passes the hold of its own call", async () => {
  const { framed, log } = start(script(), {
    async message(_, framed) {
      framed.send("release");
      await settled();
    },
  });
  framed.receive(Buffer.from("hold; say a\nhold; say b\nhold; say c\n"));
  for (let turn = 0; turn < 4; turn += 1) await settled();
  const answer = "write release";
  expect(log).toEqual(["message a", answer, "message b", answer, "message c", answer]);
});

describe("a pause", () => {
  test("stops delivery, also of what has arrived", () => {
    const { framed, log } = start(script(), { message: (_, framed) => framed.pause() });
    framed.receive(Buffer.from("say a\nsay b\n"));
    expect(log).toEqual(["message a"]);
    framed.receive(Buffer.from("say c\n"));
    expect(log).toEqual(["message a"]);
    framed.resume();
    expect(log).toEqual(["message a", "message b"]);
    expect(framed.unread).toBe("say c\n".length);
  });

  test("asked for by a reply's or a note's taker keeps the message of that frame back", () => {
    const { framed, log } = start(script(), { watch: (line, framed) => line === "note n" && framed.pause() });
    framed.receive(Buffer.from("note n; say a; end\n"));
    expect(log).toEqual(["note n"]);
    framed.resume();
    expect(log).toEqual(["note n", "message a", "end"]);
  });

  test("and a hold must both be lifted", () => {
    const { framed, log, link } = held();
    framed.receive(Buffer.from("hold\nsay a\n"));
    framed.pause();
    link.release();
    expect(log).toEqual([]);
    link.hold();
    framed.resume();
    expect(log).toEqual([]);
    link.release();
    expect(log).toEqual(["message a"]);
  });
});

describe("a release within a codec call takes its place among what is asked", () => {
  test.each([
    ["release; reply 1", ["message 0", "write release; reply 1", "message a", "reply 1"]],
    ["reply 1; release", ["message 0", "write reply 1; release", "reply 1", "message a"]],
    [
      "reply 1; release; note 2",
      ["message 0", "write reply 1; release; note 2", "reply 1", "message a", "note 2"],
    ],
    ["release; end", ["message 0", "write release; end", "message a", "end"]],
  ])("%s", (asked, log) => {
    const its = held();
    its.framed.receive(Buffer.from("hold; say 0\nsay a\n"));
    its.framed.send(asked);
    expect(its.log).toEqual(log);
  });

  test("on one connection as on another, whatever was asked before", () => {
    const [one, other] = [held(), held()];
    for (const { framed } of [one, other]) framed.receive(Buffer.from("hold; say 0\nhold; say a\nsay b\n"));
    one.framed.send("release; reply 1");
    other.framed.send("release");
    one.framed.send("release; hold; release");
    expect(other.log).toEqual(["message 0", "write release", "message a"]);
    expect(one.log).toEqual([
      ...["message 0", "write release; reply 1", "message a", "reply 1"],
      ...["write release; hold; release", "message b"],
    ]);
  });

  test("and does nothing once another codec is in charge", () => {
    const next = script();
    const { framed, log } = start(script({ next }));
    framed.receive(Buffer.from("hold; upgrade; release; say 0\nsay a\n"));
    expect(log).toEqual(["opened", "message 0", "message a"].slice(1));
  });
});
