import { ProtocolError } from "@sock/codec";
import { type ClientOptions, connect, keepConnected, listen, raw, socks5 } from "@sock/core";
import {
  type WebSocketClientNote,
  type WebSocketMessage,
  type WebSocketMessageOut,
  websocket,
  websocketAddress,
  websocketClient,
} from "@sock/protocol-websocket";
import { describe, expect, test } from "vitest";
import { Example } from "./support/example.ts";

type Options = ClientOptions<
  WebSocketMessage,
  WebSocketMessageOut,
  WebSocketClientNote,
  Record<string, unknown>
>;

/** A status that a server answers with when another attempt could do better. */
function isWorthAnother(error: unknown): boolean {
  if (!ProtocolError.is(error) || error.code !== "WS_STATUS") return true;
  return (error.cause as { status: number }).status >= 500;
}

function webSocketClient(address: string, options: Partial<Options> = {}) {
  const url = address.replace("tcp:", "ws:");
  return keepConnected(websocketAddress(url), {
    codec: websocketClient({ url }),
    initialDelay: 1,
    shouldRetry: isWorthAnother,
    ...options,
  });
}

describe("a WebSocket client that comes back", () => {
  test("shakes hands each time, and sends what has waited behind it", async () => {
    const got: string[] = [];
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: websocket(),
      onMessage(connection, message) {
        got.push(String(message));
        if (message === "go") connection.close(undefined, { code: 1012 });
        else connection.send(`${got.length}`);
      },
    });
    const notes: string[] = [];
    await using client = webSocketClient(server.address, {
      onReconnecting: (client) => client.send("two"),
      onNote: (_, note) => void notes.push(note.type === "close" ? `close ${note.code}` : note.type),
    });
    for (const message of ["one", "go"]) client.send(message);
    for await (const message of client) {
      if (message === "1") continue;
      expect(message).toBe("3");
      break;
    }
    expect(got).toEqual(["one", "go", "two"]);
    expect(notes).toEqual(["open", "close 1012", "open"]);
  });

  test("gives up when it is refused, and not when the server is busy", async () => {
    const statuses = [503, 503, 401];
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: websocket({ verify: () => ({ status: statuses.shift()! }) }),
    });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const client = webSocketClient(server.address, { onGiveUp: (_, error) => resolve(error) });
    expect(await promise).toMatchObject({ code: "WS_STATUS", cause: { status: 401 } });
    expect(statuses).toEqual([]);
    expect(client.state).toBe("closed");
  });

  test("goes through a SOCKS proxy", async () => {
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: websocket(),
      onMessage: (connection, message) => void connection.send(message),
    });
    // Consents to everything, and knows one target.
    await using proxy = await listen("tcp://127.0.0.1:0", {
      codec: raw(),
      async onMessage(connection, chunk) {
        if (chunk.length === 3) return void connection.send(Buffer.from("0500", "hex"));
        const upstream = await connect(server.address);
        connection.send(Buffer.from("05000001000000000000", "hex"));
        connection.pipe(upstream);
        upstream.pipe(connection);
      },
    });
    const url = "ws://only.the.proxy.knows:80/";
    await using client = keepConnected(websocketAddress(url), {
      codec: websocketClient({ url }),
      via: [socks5({ address: proxy.address })],
    });
    client.send("there and back");
    for await (const message of client) {
      expect(message).toBe("there and back");
      break;
    }
  });
});

test("the example survives a server that is killed and started again", async () => {
  await using first = new Example("echo", "text://127.0.0.1:0");
  const address = await first.address();
  await using client = new Example("come-back", address.replace("text:", "tcp:"));
  await client.says(/^connected$/m);
  client.type("one");
  await client.says(/^one$/m);
  await first.stop("SIGKILL");
  await client.says(/^attempt/m);
  client.type("two");
  await using second = new Example("echo", address);
  await second.address();
  await client.says(/^two$/m);
  client.typeEnd();
  expect(await client.ended).toBe(0);
  expect(client.stderr).toBe("");
  expect(client.stdout).toMatch(/^connected\none\nlost\n(attempt \d+ in \d+ ms\n)+connected\ntwo\nlost\n$/);
});
