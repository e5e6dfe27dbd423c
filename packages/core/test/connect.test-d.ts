import type { Bytes, CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import { type Connection, connect } from "../src/index.ts";
import { connectedPair } from "../src/memory.ts";

declare const lines: CodecFactory<string>;
declare const numbers: CodecFactory<number>;
declare const asymmetric: CodecFactory<{ question: string }, { answer: number }, "pong">;
declare const address: string;

type Ours<In, Out, Note = never> = Connection<In, Out, Note, Record<string, unknown>>;

test("without a codec, a client's messages are buffers", () => {
  expectTypeOf(connect(address)).resolves.toEqualTypeOf<Ours<Buffer, Bytes>>();
  expectTypeOf(connect(address, { timeout: 5 })).resolves.toEqualTypeOf<Ours<Buffer, Bytes>>();
});

test("the codec says what messages are", () => {
  expectTypeOf(connect(address, { codec: lines })).resolves.toEqualTypeOf<Ours<string, string>>();
  expectTypeOf(connect(address, { codec: asymmetric })).resolves.toEqualTypeOf<
    Ours<{ question: string }, { answer: number }, "pong">
  >();
});

test("an iteration gives messages", async () => {
  for await (const line of await connect(address, { codec: lines }))
    expectTypeOf(line).toEqualTypeOf<string>();
  for await (const chunk of await connect(address)) expectTypeOf(chunk).toEqualTypeOf<Buffer>();
});

test("a pipe goes where its messages can be sent", async () => {
  const text = await connect(address, { codec: lines });
  const count = await connect(address, { codec: numbers });
  const bytes = await connect(address);
  expectTypeOf(text.pipe(text)).toEqualTypeOf<typeof text>();
  // Text is bytes too.
  text.pipe(bytes);
  // @ts-expect-error: a string is no number
  text.pipe(count);
  // @ts-expect-error: bytes are no text
  bytes.pipe(text);
});

test("an upgraded connection has the next codec's types", async () => {
  const connection = await connect(address, { codec: lines });
  const upgraded = connection.upgrade(asymmetric, {
    onMessage(connection, message) {
      expectTypeOf(message).toEqualTypeOf<{ question: string }>();
      connection.send({ answer: 42 });
    },
  });
  expectTypeOf(upgraded).toEqualTypeOf<Ours<{ question: string }, { answer: number }, "pong">>();
});

test("the two sides of a pair have types of their own", () => {
  const [left, right] = connectedPair(
    { codec: lines, onMessage: (_, line) => expectTypeOf(line).toEqualTypeOf<string>() },
    { codec: asymmetric, context: () => ({ name: "right" }) },
  );
  left.send("a line");
  right.send({ answer: 42 });
  // @ts-expect-error: that is for the other side
  left.send({ answer: 42 });
  expectTypeOf(right.context).toEqualTypeOf<{ name: string }>();
});
