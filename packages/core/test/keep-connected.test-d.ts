import type { Bytes, CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import { type Client, connect, keepConnected, Prepared, type SendResult, socks5 } from "../src/index.ts";

declare const lines: CodecFactory<string>;
declare const asymmetric: CodecFactory<{ question: string }, { answer: number }, "pong">;
declare const address: string;

type Ours<In, Out, Note = never> = Client<In, Out, Note, Record<string, unknown>>;

test("without a codec, messages are buffers", () => {
  expectTypeOf(keepConnected(address)).toEqualTypeOf<Ours<Buffer, Bytes>>();
  expectTypeOf(keepConnected(address, { maxDelay: 5 })).toEqualTypeOf<Ours<Buffer, Bytes>>();
});

test("the codec says what messages are, of the client and of each connection", () => {
  const client = keepConnected(address, {
    codec: asymmetric,
    context: () => ({ name: "" }),
    onConnect(connection) {
      expectTypeOf(connection.context).toEqualTypeOf<{ name: string }>();
      connection.send({ answer: 42 });
    },
    onMessage: (_, message) => expectTypeOf(message).toEqualTypeOf<{ question: string }>(),
    onNote: (_, note) => expectTypeOf(note).toEqualTypeOf<"pong">(),
    onReconnecting(client, { attempt, delay, error }) {
      expectTypeOf(client.send({ answer: attempt + delay })).toEqualTypeOf<SendResult>();
      expectTypeOf(error).toBeUnknown();
    },
  });
  client.send(new Prepared({ answer: 42 }));
  // @ts-expect-error: a question is no answer
  client.send({ question: "?" });
  expectTypeOf(client.connected()).resolves.toHaveProperty("closeWrite");
});

test("an iteration gives messages", async () => {
  for await (const line of keepConnected(address, { codec: lines }))
    expectTypeOf(line).toEqualTypeOf<string>();
});

test("via goes with both, and is whatever has the form", () => {
  const own = {
    address,
    open: (_host: string, _port: number, next: CodecFactory<unknown, never, never>) => next,
  };
  const via = [socks5({ address }), own];
  expectTypeOf(connect(address, { codec: lines, via })).resolves.toHaveProperty("pipe");
  expectTypeOf(keepConnected(address, { codec: lines, via })).toEqualTypeOf<Ours<string, string>>();
});
