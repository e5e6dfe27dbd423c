import { describe, expect, test } from "vitest";
import type { CodecFactory } from "../src/codec.ts";
import { Framed } from "../src/framed.ts";
import { record, script, sized, sizedHeader, start, textOf, ways } from "./toys.ts";

describe.each(ways)("fed %s", (_, feed) => {
  test("each frame is one message, in order", () => {
    const { framed, log } = start(script());
    feed(framed, "say a\nsay b\nsay c\n");
    expect(log).toEqual(["message a", "message b", "message c"]);
  });

  test("a frame that is not whole waits", () => {
    const { framed, log } = start(script());
    feed(framed, "say a\nsay b");
    expect(log).toEqual(["message a"]);
    expect(framed.unread).toBe(5);
    feed(framed, "\n");
    expect(log).toEqual(["message a", "message b"]);
    expect(framed.unread).toBe(0);
  });

  test("a frame that delivers nothing is used up", () => {
    const { framed, log } = start(script());
    feed(framed, "\n\nsay a\n\n");
    expect(log).toEqual(["message a"]);
    expect(framed.unread).toBe(0);
  });

  test("input is not called again until the frame of known length was decoded", () => {
    const calls: string[] = [];
    const spied: CodecFactory<Buffer> = (link) => {
      const codec = sized(link);
      return {
        ...codec,
        input(buffer) {
          const length = codec.input(buffer);
          if (length > 0) calls.push(`input ${length}`);
          return length;
        },
        decode(frame) {
          calls.push(`decode ${frame.length}`);
          return undefined;
        },
      };
    };
    const { framed } = start(spied);
    for (const length of [100, 4, 70]) feed(framed, [sizedHeader(length), Buffer.alloc(length - 4)]);
    expect(calls).toEqual(["input 100", "decode 100", "input 4", "decode 4", "input 70", "decode 70"]);
  });

  test("what arrived before the start is decoded at the start", () => {
    const { framed, log } = record(script());
    feed(framed, "say a\nsay b\n");
    expect(log).toEqual([]);
    framed.start();
    expect(log).toEqual(["opened", "message a", "message b"]);
  });

  test("input and decode get a Buffer", () => {
    const classes = new Set<unknown>();
    const { framed } = start<string>(() => ({
      input(buffer) {
        classes.add(buffer.constructor);
        return buffer.length < 3 ? 0 : 3;
      },
      decode(frame) {
        classes.add(frame.constructor);
        return undefined;
      },
      encode: (message) => message,
    }));
    feed(framed, "abcdef");
    feed({ receive: (chunk) => framed.receive(new Uint8Array(chunk)) }, "abcdefg");
    expect([...classes]).toEqual([Buffer]);
  });

  test("what decode writes into its frame, or keeps of it, is nobody else's", () => {
    const kept: Uint8Array[] = [];
    const { framed } = start<number>(() => ({
      input: (buffer) => (buffer.length < 4 ? 0 : 4),
      decode(frame) {
        kept.push(frame.fill(frame[0]! ^ 0xff));
        return undefined;
      },
      encode: () => "",
    }));
    feed(framed, "aaaabbbbccccdddd");
    expect(kept).toEqual(Array.from("abcd", (letter) => Buffer.alloc(4, letter.charCodeAt(0) ^ 0xff)));
  });
});

test("a message may be anything but undefined", () => {
  const messages = [0, "", false, null, Number.NaN];
  const { framed, log } = start<unknown>(() => ({
    input: () => 1,
    decode: ([index]) => messages[index!],
    encode: () => "",
  }));
  framed.receive(Buffer.of(0, 1, 2, 3, 4));
  expect(log).toEqual(messages.map((message) => `message ${message}`));
});

test("input is called with the same bytes and more, never with none", () => {
  const looks: string[] = [];
  const { framed } = start<string>(() => ({
    input(buffer) {
      looks.push(textOf(buffer));
      return buffer.indexOf(10) + 1;
    },
    decode: () => undefined,
    encode: (message) => message,
  }));
  for (const chunk of ["", "ab", "", "c\n", "d"]) framed.receive(Buffer.from(chunk));
  expect(looks).toEqual(["ab", "ab", "abc\n", "d"]);
});

test("a handler that feeds bytes gets them behind those that came before", () => {
  const { framed, log } = start(script(), {
    message: (message, framed) => message === "a" && framed.receive(Buffer.from("say c\n")),
  });
  framed.receive(Buffer.from("say a\nsay b\n"));
  expect(log).toEqual(["message a", "message b", "message c"]);
});

test("idle is told when a chunk was read through, and when a block stops it", () => {
  const signs: string[] = [];
  const framed = new Framed(script(), {
    message: (message) => void signs.push(message),
    write() {},
    failed() {},
    idle: () => signs.push("idle"),
  });
  framed.start();
  framed.receive(Buffer.from("say a\nsay b\nhold\nsay c\n"));
  expect(signs).toEqual(["idle", "a", "b", "idle"]);
});

test("retained is what is unread and what the codec says it keeps", () => {
  const { framed } = start<string>(() => ({
    input: () => 0,
    decode: () => undefined,
    encode: () => "",
    retained: 1000,
  }));
  framed.receive(Buffer.alloc(7));
  expect(framed.unread).toBe(7);
  expect(framed.retained).toBe(1007);
});

test("codec is the one in charge", () => {
  const { framed } = start(script({ next: sized }));
  expect(framed.codec.encode("x")).toBe("x\n");
  framed.receive(Buffer.from("upgrade\n"));
  expect(framed.codec.encode("x")).toEqual([sizedHeader(5), "x"]);
});
