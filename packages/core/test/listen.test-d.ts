import type { Bytes, CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import { type Connection, listen, raw, type SendResult, type Server } from "../src/index.ts";

declare const lines: CodecFactory<string>;
declare const asymmetric: CodecFactory<{ question: string }, { answer: number }, "pong">;
declare const address: string;

test("without a codec, messages are buffers, and anything of bytes can be sent", () => {
  const listening = listen(address, {
    onMessage(connection, chunk) {
      expectTypeOf(chunk).toEqualTypeOf<Buffer>();
      connection.send(["text and ", chunk, new Uint8Array(4)] satisfies Bytes);
      // @ts-expect-error: these are no bytes
      connection.send(42);
      expectTypeOf(connection.send(chunk)).toEqualTypeOf<SendResult>();
    },
  });
  expectTypeOf(listening).resolves.toEqualTypeOf<Server<Buffer, Bytes, never, Record<string, unknown>>>();
  expectTypeOf(raw()).toEqualTypeOf<CodecFactory<Buffer, Bytes>>();
});

test("the codec says what messages are", () => {
  const listening = listen(address, {
    codec: lines,
    onConnect(connection) {
      expectTypeOf(connection).toEqualTypeOf<Connection<string, string, never, Record<string, unknown>>>();
    },
    onMessage(connection, line) {
      expectTypeOf(line).toEqualTypeOf<string>();
      connection.send(line);
      // @ts-expect-error: a line is a string
      connection.send(42);
    },
  });
  expectTypeOf(listening).resolves.toEqualTypeOf<Server<string, string, never, Record<string, unknown>>>();
});

test("what comes may differ from what goes, and notes are typed", () => {
  void listen(address, {
    codec: asymmetric,
    onMessage(connection, message) {
      expectTypeOf(message).toEqualTypeOf<{ question: string }>();
      connection.send({ answer: 42 });
      connection.close({ answer: 42 }, { code: 1000, reason: "done" });
      // @ts-expect-error: that is what comes
      connection.send(message);
    },
    onNote(_, note) {
      expectTypeOf(note).toEqualTypeOf<"pong">();
    },
  });
});

test("the context is what its option makes", () => {
  void listen(address, {
    codec: lines,
    context: () => ({ name: "guest", visits: 0 }),
    onMessage({ context }) {
      expectTypeOf(context).toEqualTypeOf<{ name: string; visits: number }>();
      context.visits += 1;
    },
  });
  void listen(address, {
    context: () => new Map<string, number>(),
    onConnect({ context }) {
      expectTypeOf(context).toEqualTypeOf<Map<string, number>>();
    },
  });
});

test("without that option it is the user's record", () => {
  void listen(address, {
    codec: lines,
    onConnect({ context }) {
      expectTypeOf(context).toEqualTypeOf<Record<string, unknown>>();
    },
  });
});

test("handlers may be async", () => {
  void listen(address, {
    codec: lines,
    async onMessage(connection, line) {
      await connection.drained();
      connection.send(line);
    },
  });
});

test("a misspelt option is an error", () => {
  // @ts-expect-error
  void listen(address, { codec: lines, onMesage() {} });
  // @ts-expect-error
  void listen(address, { codec: lines, maxSendBufferSize: "1 MiB" });
});

test("connections of a server have its types", async () => {
  const server = await listen(address, { codec: lines });
  for (const connection of server.connections) {
    connection.send("news");
    // @ts-expect-error: a line is a string
    connection.send(Buffer.from("news"));
    expectTypeOf(connection.onMessage).exclude(undefined).parameter(1).toEqualTypeOf<string>();
  }
});
