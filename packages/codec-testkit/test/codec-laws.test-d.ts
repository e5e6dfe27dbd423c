import type { CodecFactory } from "@sock/codec";
import fc from "fast-check";
import { test } from "vitest";
import { codecLaws } from "../src/index.ts";

declare const lines: CodecFactory<string>;
declare const server: CodecFactory<{ path: string }, number, "upgraded">;
declare const client: CodecFactory<number, URL>;

test("messages are what the codec sends", () => {
  codecLaws({ codec: lines, message: fc.string() });
  // @ts-expect-error numbers are no lines
  codecLaws({ codec: lines, message: fc.integer() });
});

test("or are made of what is generated", () => {
  codecLaws({ codec: lines, message: fc.integer(), make: (number) => number.toFixed() });
  // @ts-expect-error made of them are numbers still
  codecLaws({ codec: lines, message: fc.integer(), make: (number: number) => number + 1, peer: lines });
});

test("or what the peer sends", () => {
  codecLaws({ codec: server, peer: client, message: fc.constant(new URL("x:/")) });
  codecLaws({ codec: server, peer: client, message: fc.webUrl(), make: (url) => new URL(url) });
  // @ts-expect-error a client sends URLs
  codecLaws({ codec: server, peer: client, message: fc.integer() });
});

test("answers are what the codec under test sends, asks too", () => {
  const message = fc.constant(new URL("x:/"));
  codecLaws({ codec: server, peer: client, message, answer: ({ path }) => path.length });
  // @ts-expect-error it sends numbers
  codecLaws({ codec: server, peer: client, message, answer: ({ path }) => path });
  codecLaws({ codec: client, peer: server, message: fc.nat(), ask: () => new URL("x:/") });
});

test("laws are skipped by their names", () => {
  codecLaws({ codec: lines, message: fc.string(), skip: [{ law: "garbage is refused", because: "" }] });
  // @ts-expect-error there is no such law
  codecLaws({ codec: lines, message: fc.string(), skip: [{ law: "garbage", because: "" }] });
});
