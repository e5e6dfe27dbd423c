import { describe, expect, test } from "vitest";
import type { CodecFactory } from "../src/codec.ts";
import { Framed } from "../src/framed.ts";
import { ProtocolError } from "../src/protocol-error.ts";
import { script, start, ways } from "./toys.ts";

describe.each(ways)("fed %s", (_, feed) => {
  test("what decode throws is told once, and nothing follows", () => {
    const { framed, log } = start(script());
    feed(framed, "say a\nbreak\nsay b\nbreak\n");
    framed.finish();
    expect(log).toEqual(["message a", "failed BROKEN in decode"]);
  });

  test("what is no ProtocolError is told just so: the receiver tells them apart", () => {
    const { framed, log } = start(script());
    feed(framed, "throw oops\n");
    expect(log).toEqual(["failed oops in decode"]);
  });

  test("what was noted before a throw is sent before the failure is told", () => {
    const { framed, log } = start(script());
    feed(framed, "reply 1; note 2; end; break\n");
    expect(log).toEqual(["reply 1", "note 2", "failed BROKEN in decode"]);
  });

  test("what input throws is told", () => {
    const { framed, log } = start(measuring(() => fail("BAD_HEADER")));
    feed(framed, "x");
    expect(log).toEqual(["failed BAD_HEADER in input"]);
  });

  test("what finish throws is told", () => {
    const { framed, log } = start(script({ finish: "throw oops" }));
    feed(framed, "say a\n");
    framed.finish();
    expect(log).toEqual(["message a", "failed oops in finish"]);
  });

  test.each([-1, -2147483648, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "a length of %d is FRAME_LENGTH",
    (length) => {
      const { framed, log } = start(measuring(() => length));
      feed(framed, "x");
      expect(log).toEqual(["failed FRAME_LENGTH in input"]);
    },
  );
});

test("the error is told as it was thrown", () => {
  const error = new ProtocolError("BAD_HEADER", "byte 0 is 120", { farewell: "400" });
  const told: unknown[] = [];
  const factory = measuring(() => {
    throw error;
  });
  const framed = new Framed(factory, { message() {}, write() {}, failed: (...its) => told.push(...its) });
  framed.start();
  framed.receive(Buffer.from("x"));
  expect(told).toEqual([error, "input"]);
  expect(told[0]).toBe(error);
});

test("a message that encode refuses is thrown to its sender, and the connection goes on", () => {
  const { framed, log } = start(script());
  expect(() => framed.send("throw no such message")).toThrow("no such message");
  framed.send("reply x");
  framed.receive(Buffer.from("say a\n"));
  expect(log).toEqual(["write reply x", "reply x", "message a"]);
});

test("what failed while effects are carried out fails once", () => {
  const next = script({ factory: "throw first" });
  const { framed, log } = start(script({ next }));
  framed.receive(Buffer.from("upgrade; throw second\n"));
  expect(log).toEqual(["failed first in factory"]);
});

test("what is closed while effects are carried out does not fail", () => {
  const { framed, log } = start(script(), { watch: (line, framed) => line === "reply 1" && framed.closed() });
  framed.receive(Buffer.from("reply 1; break\n"));
  expect(log).toEqual(["reply 1"]);
});

test("after a failure, nothing is sent", () => {
  const { framed, log } = start(script());
  framed.receive(Buffer.from("break\n"));
  framed.send("reply x");
  expect(log).toEqual(["failed BROKEN in decode"]);
});

/** Frames as long as `measure` says, which is asked at each byte. */
function measuring(measure: () => number): CodecFactory<string> {
  return () => ({ input: measure, decode: () => undefined, encode: (message) => message });
}

function fail(code: string): never {
  throw new ProtocolError(code, "the header is bad");
}
