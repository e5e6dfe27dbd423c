import type { Bytes, CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import {
  connect,
  type DatagramConnection,
  listen,
  type SendResult,
  type Server,
  type UdpClient,
  type UdpServer,
} from "../src/index.ts";

declare const lines: CodecFactory<string>;
declare const asymmetric: CodecFactory<{ question: string }, { answer: number }, "pong">;
declare const address: `udp://${string}`;

test("without a codec, messages are buffers, and anything of bytes can be sent", () => {
  const listening = listen("udp://127.0.0.1:0", {
    onMessage(connection, datagram) {
      expectTypeOf(datagram).toEqualTypeOf<Buffer>();
      expectTypeOf(connection.send(["text and ", datagram] satisfies Bytes)).toEqualTypeOf<SendResult>();
      // @ts-expect-error: these are no bytes
      connection.send(42);
    },
  });
  expectTypeOf(listening).resolves.toEqualTypeOf<UdpServer<Bytes>>();
  expectTypeOf(connect("udp://127.0.0.1:9")).resolves.toEqualTypeOf<
    UdpClient<Buffer, Bytes, never, Record<string, unknown>>
  >();
});

test("the codec says what messages are", async () => {
  const server = await listen(address, {
    codec: asymmetric,
    onMessage(connection, message) {
      expectTypeOf(message).toEqualTypeOf<{ question: string }>();
      expectTypeOf(connection).toEqualTypeOf<
        DatagramConnection<{ answer: number }, Record<string, unknown>>
      >();
      connection.send({ answer: 42 });
      // @ts-expect-error: that is what comes
      connection.send(message);
    },
    onNote(_, note) {
      expectTypeOf(note).toEqualTypeOf<"pong">();
    },
  });
  server.send({ answer: 42 }, { address: "192.0.2.1", port: 1 });
  // @ts-expect-error: that is what comes
  server.send({ question: "?" }, { address: "192.0.2.1", port: 1 });
});

test("the context is what its option makes", () => {
  void listen(address, {
    codec: lines,
    context: () => ({ visits: 0 }),
    onMessage({ context }) {
      expectTypeOf(context).toEqualTypeOf<{ visits: number }>();
    },
  });
});

test("a client's callbacks are given the client", async () => {
  const client = await connect(address, {
    codec: lines,
    onMessage(connection, line) {
      expectTypeOf(line).toEqualTypeOf<string>();
      connection.send(line);
    },
    onClose(connection) {
      expectTypeOf(connection).toEqualTypeOf<UdpClient<string, string, never, Record<string, unknown>>>();
    },
  });
  for await (const line of client) expectTypeOf(line).toEqualTypeOf<string>();
  // @ts-expect-error: a line is a string
  client.send(42);
});

test("there is nothing to pause, hold, upgrade or pipe", () => {
  void listen(address, {
    codec: lines,
    onMessage(connection) {
      expectTypeOf(connection).not.toHaveProperty("pauseRecv");
      expectTypeOf(connection).not.toHaveProperty("upgrade");
      expectTypeOf(connection).not.toHaveProperty("pipe");
    },
  });
});

test("a misspelt option is an error", () => {
  // @ts-expect-error
  void listen("udp://127.0.0.1:0", { codec: lines, onMesage() {} });
  // @ts-expect-error
  void listen("udp://127.0.0.1:0", { codec: lines, ttl: "7" });
});

test("an address that is a mere string has the types of connections", () => {
  const text: string = address;
  expectTypeOf(listen(text, { codec: lines })).resolves.toEqualTypeOf<
    Server<string, string, never, Record<string, unknown>>
  >();
});
