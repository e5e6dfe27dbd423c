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

test.each(["leaves", "ends its side"])(
  "a client that %s is noticed, though nothing is said to it",
  async (how) => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const { promise: gone, resolve: go } = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: http(),
      onMessage(connection) {
        const source = {
          next: () => new Promise<never>(() => {}),
          return: async () => {
            resolve();
            return { done: true as const, value: undefined };
          },
          [Symbol.asyncIterator]: () => source,
        };
        connection.send(eventStream(source));
      },
      onError: (_, error) => errors.push(error),
      onClose: () => go(),
    });
    using wire = await Wire.connect(server.address);
    wire.send(GET);
    await answerHead(wire);
    if (how === "leaves") wire[Symbol.dispose]();
    else wire.end();
    await left;
    // The answer has no end, and does not look as if it had one.
    if (how === "ends its side") expect(await wire.rest()).toHaveLength(0);
    await gone;
    expect(errors).toEqual([]);
  },
);

test("to a client that has ended its side already nothing is begun", async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  await using server = await listen("tcp://127.0.0.1:0", {
    codec: http(),
    async onMessage(connection, { signal }) {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      connection.send(eventStream(silence(resolve)));
    },
  });
  using wire = await Wire.connect(server.address);
  wire.send(GET);
  wire.end();
  await left;
  expect(await wire.rest()).toHaveLength(0);
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

/** Events that never come. `left` is called when nobody waits for them any more. */
function silence(left: () => void): AsyncIterable<string> {
  const iterator: AsyncIterator<string> = {
    next: () => new Promise(() => {}),
    async return() {
      left();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
