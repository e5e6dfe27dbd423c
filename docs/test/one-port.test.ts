import { setImmediate } from "node:timers/promises";
import { type Connection, listen, raw, type Server } from "@sock/core";
import { type HttpAnswer, type HttpRequest, http } from "@sock/protocol-http";
import { acceptWebSocket, type WebSocketNote } from "@sock/protocol-websocket";
import { describe, expect, test } from "vitest";
import { dial } from "./support/dial.ts";
import { answer, webSocketRequest } from "./support/http-wire.ts";
import { Wire } from "./support/wire.ts";

type HttpConnection = Connection<HttpRequest, HttpAnswer>;

interface Site extends AsyncDisposable {
  readonly server: Server<HttpRequest, HttpAnswer>;
  readonly url: string;
  readonly notes: WebSocketNote[];
}

/** Pages, an API and WebSockets that echo, on one port. `decide` may take its time, and answer in its own way. */
async function open(decide?: (request: HttpRequest) => Promise<HttpAnswer | undefined>): Promise<Site> {
  const notes: WebSocketNote[] = [];
  const upgrade = (connection: HttpConnection, request: HttpRequest) => {
    const { codec, response } = acceptWebSocket(request, { protocols: ["chat"] });
    if (codec === undefined) return connection.send(response);
    return connection.upgrade(codec, {
      onMessage: (socket, message) => socket.send(message),
      onNote: (_, note) => notes.push(note),
    });
  };
  const server = await listen("tcp://127.0.0.1:0", {
    codec: http(),
    onMessage(connection: HttpConnection, request: HttpRequest): unknown {
      if (request.upgrade === "websocket") {
        if (decide === undefined) return void upgrade(connection, request);
        return decide(request).then((refusal) => {
          if (refusal === undefined) upgrade(connection, request);
          else connection.send(refusal);
        });
      }
      if (request.path === "/api") {
        return void connection.send({
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ name: request.body.toString() }),
        });
      }
      return void connection.send(`a page for ${request.path}`);
    },
  });
  return { server, url: server.address, notes, [Symbol.asyncDispose]: () => server.close() };
}

/** A text, as a client says it: masked with zeros. */
const masked = (text: string) =>
  Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);
const unmasked = (text: string) => Buffer.concat([Buffer.of(0x81, text.length), Buffer.from(text)]);

describe("one port", () => {
  test("serves pages, an API and WebSockets", async () => {
    await using site = await open();
    const at = site.url.replace("tcp:", "http:");
    expect(await (await fetch(`${at}/index.html`)).text()).toBe("a page for /index.html");
    expect(await (await fetch(`${at}/api`, { method: "POST", body: "ann" })).json()).toEqual({ name: "ann" });
    const { socket, next } = await dial(at.replace("http:", "ws:"), ["chat"]);
    expect(socket.protocol).toBe("chat");
    socket.send("hello");
    expect(await next()).toBe("hello");
    socket.close(4000, "enough");
    expect(await next()).toMatchObject({ code: 4000, wasClean: true });
    expect(site.notes).toMatchObject([
      { type: "open", protocol: "chat", request: { path: "/" } },
      { type: "close", code: 4000 },
    ]);
  });

  test("a connection that has asked for pages before may become a WebSocket", async () => {
    await using site = await open();
    using wire = await Wire.connect(site.url);
    wire.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await answer(wire)).body).toBe("a page for /one");
    wire.send(webSocketRequest());
    expect((await answer(wire)).status).toBe(101);
    wire.send(masked("hi"));
    expect(await wire.read(4)).toEqual(unmasked("hi"));
  });

  test("frames right behind the request are not lost: in one segment, behind another request, byte by byte", async () => {
    await using site = await open();
    const page = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n";
    const bytes = Buffer.concat([Buffer.from(page + webSocketRequest()), masked("first"), masked("second")]);
    for (const size of [bytes.length, 1]) {
      using wire = await Wire.connect(site.url);
      for (let at = 0; at < bytes.length; at += size) wire.send(bytes.subarray(at, at + size));
      expect((await answer(wire)).body).toBe("a page for /one");
      expect((await answer(wire)).status).toBe(101);
      expect(await wire.read(7)).toEqual(unmasked("first"));
      expect(await wire.read(8)).toEqual(unmasked("second"));
    }
  });
});

describe("a decision that takes its time", () => {
  test("what the client sends meanwhile waits for it", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    await using site = await open(() => {
      ask();
      return promise;
    });
    using wire = await Wire.connect(site.url);
    wire.send(webSocketRequest(), masked("early"));
    await asked;
    await setImmediate();
    expect(site.server.stats()).toMatchObject({ bytesWritten: 0, messagesReceived: 1 });
    resolve(undefined);
    expect((await answer(wire)).status).toBe(101);
    expect(await wire.read(7)).toEqual(unmasked("early"));
  });

  test("one that refuses is an answer like any other: HTTP goes on", async () => {
    await using site = await open(async ({ query }) => ({
      status: 401,
      headers: { "WWW-Authenticate": "Bearer" },
      body: `${query} is no ticket`,
    }));
    using wire = await Wire.connect(site.url);
    wire.send(webSocketRequest("/?42"), "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    const refusal = await answer(wire);
    expect([refusal.status, refusal.fields["www-authenticate"], refusal.body]).toEqual([
      401,
      "Bearer",
      "42 is no ticket",
    ]);
    expect((await answer(wire)).body).toBe("a page for /next");
  });

  test("a client that leaves meanwhile is noticed", async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    await using site = await open((request) => {
      request.signal.addEventListener("abort", () => resolve());
      ask();
      return left.then(() => undefined);
    });
    const wire = await Wire.connect(site.url);
    wire.send(webSocketRequest());
    await asked;
    wire[Symbol.dispose]();
    await left;
  });
});

describe("a request that RFC 6455 refuses", () => {
  test.each([
    ["another version", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426],
    ["a page of another host", "Upgrade", "Origin: https://evil.example\r\nUpgrade", 403],
    ["no key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400],
  ])("%s: HTTP goes on behind the answer", async (_, right, wrong, status) => {
    await using site = await open();
    using wire = await Wire.connect(site.url);
    wire.send(webSocketRequest().replace(right, wrong), "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    const refusal = await answer(wire);
    expect([refusal.status, refusal.fields.connection]).toEqual([status, undefined]);
    if (status === 426) expect(refusal.fields["sec-websocket-version"]).toBe("13");
    expect((await answer(wire)).body).toBe("a page for /next");
    expect(site.notes).toEqual([]);
  });
});

describe("the end", () => {
  test("a server that drains says 1012 to WebSockets, and Connection: close to the next request", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    await using site = await open(() => promise);
    using waiting = await Wire.connect(site.url);
    waiting.send(webSocketRequest());
    using idle = await Wire.connect(site.url);
    idle.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
    await answer(idle);
    await using other = await open();
    const { next } = await dial(other.url.replace("tcp:", "ws:"));

    const drained = other.server.close({ drain: 10_000 });
    expect(await next()).toEqual({ code: 1012, reason: "", wasClean: true });
    await drained;

    const closed = site.server.close({ drain: 10_000 });
    idle.send("GET /two HTTP/1.1\r\nHost: x\r\n\r\n");
    const last = await answer(idle);
    expect([last.body, last.fields.connection]).toEqual(["a page for /two", "close"]);
    expect(await idle.rest()).toHaveLength(0);
    // Who was promised an answer gets one.
    resolve(undefined);
    expect((await answer(waiting)).status).toBe(101);
    expect([...site.server.connections].map(({ protocol }) => protocol)).toContain("websocket");
    // And is told too, by the protocol that it speaks from now on.
    expect(await waiting.read(4)).toEqual(Buffer.of(0x88, 2, 0x03, 0xf4));
    waiting[Symbol.dispose]();
    await closed;
  });

  test("a server that stops says 1001", async () => {
    await using site = await open();
    const { next } = await dial(site.url.replace("tcp:", "ws:"));
    await site.server.close();
    expect(await next()).toEqual({ code: 1001, reason: "", wasClean: true });
  });
});

test("CONNECT hands over raw bytes, what stands behind the request first", async () => {
  const { promise: signal, resolve } = Promise.withResolvers<AbortSignal>();
  await using server = await listen("tcp://127.0.0.1:0", {
    codec: http(),
    onMessage(connection, request) {
      resolve(request.signal);
      connection.send({ status: 200 });
      const tunnel = connection.upgrade(raw());
      tunnel.pipe(tunnel);
    },
  });
  using wire = await Wire.connect(server.address);
  wire.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n\0raw");
  const { status, fields } = await answer(wire, "CONNECT");
  expect([status, fields]).toEqual([200, {}]);
  expect(await wire.read(4)).toEqual(Buffer.from("\0raw"));
  wire.send("more");
  expect(await wire.read(4)).toEqual(Buffer.from("more"));
  // Who got what it asked for has not left.
  expect((await signal).aborted).toBe(false);
});
