import { once } from "node:events";
import { listen } from "@sock/core";
import { eventStream, http } from "@sock/protocol-http";
import { expect, test } from "vitest";
import { answerHead, chunk } from "./support/http-wire.ts";
import { Wire } from "./support/wire.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

test("a stream that says nothing gives signs of life, and then ends as it should", async () => {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  await using server = await listen("tcp://127.0.0.1:0", {
    codec: http(),
    pingInterval: 1,
    onMessage(connection, { path }) {
      if (path === "/next") return void connection.send("next");
      const events = async function* () {
        yield "hello";
        await end;
      };
      connection.send(eventStream(events()));
    },
  });
  using wire = await Wire.connect(server.address);
  wire.send(GET);
  expect(await answerHead(wire)).toMatchObject({
    status: 200,
    fields: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "transfer-encoding": "chunked",
    },
  });
  expect(String(await chunk(wire))).toBe("data: hello\n\n");
  for (let beat = 0; beat < 3; beat++) expect(String(await chunk(wire))).toBe(":\n\n");
  resolve();
  let last = await chunk(wire);
  while (last !== undefined) {
    expect(String(last)).toBe(":\n\n");
    last = await chunk(wire);
  }
  // The connection goes on, and its whole answers are whole.
  wire.send(GET.replace("/", "/next"));
  expect(await answerHead(wire)).toMatchObject({ fields: { "content-length": "4" } });
  expect(String(await wire.read(4))).toBe("next");
});

test("a client that leaves is noticed, though nothing is said to it", async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  await using server = await listen("tcp://127.0.0.1:0", {
    codec: http(),
    onMessage(connection, { signal }) {
      const events = async function* () {
        yield "hello";
        await once(signal, "abort");
        resolve();
      };
      connection.send(eventStream(events()));
    },
  });
  const wire = await Wire.connect(server.address);
  wire.send(GET);
  await wire.readLine();
  wire[Symbol.dispose]();
  await left;
});

test("a client that does not read makes the source wait", async () => {
  let taken = 0;
  await using server = await listen("tcp://127.0.0.1:0", {
    codec: http(),
    maxSendBufferSize: 64 * 1024,
    onMessage(connection) {
      const events = async function* () {
        for (;;) yield String(++taken).padStart(16_384, "0");
      };
      connection.send(eventStream(events()));
    },
  });
  using wire = await Wire.connect(server.address);
  wire.send(GET);
  // What the kernel keeps on its way, and what the connection does, is far less than this.
  const ahead = 32 * 2 ** 20;
  for (let read = 0; read < 2 ** 26; read += 2 ** 20) {
    await wire.read(2 ** 20);
    expect(taken * 16_384).toBeLessThan(read + ahead);
  }
});
