import { once } from "node:events";
import { request as nodeRequest } from "node:http";
import { listen, type ServerOptions } from "@sock/core";
import {
  fetchHandler,
  type HttpAnswer,
  type HttpRequest,
  http,
  type IncomingBody,
} from "@sock/protocol-http";
import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { stream, streamSSE } from "hono/streaming";
import { describe, expect, test } from "vitest";
import { answer, answerHead, chunk } from "./support/http-wire.ts";
import { Wire } from "./support/wire.ts";

type Options = Partial<ServerOptions<HttpRequest<IncomingBody>, HttpAnswer>>;

/** Runs the app on a port of its own. */
async function serve(app: Hono, options: Options = {}) {
  const errors: unknown[] = [];
  const server = await listen("tcp://127.0.0.1:0", {
    codec: http({ body: "stream" }),
    onMessage: fetchHandler(app.fetch),
    onError: (_, error) => errors.push(error),
    ...options,
  });
  const url = server.address.replace("tcp:", "http:");
  return { url, address: server.address, errors, [Symbol.asyncDispose]: () => server.close() };
}

describe("a Hono app", () => {
  const app = new Hono();
  app.get("/hello/:name", (c) => c.text(`hello ${c.req.param("name")} ${c.req.query("mark") ?? ""}`));
  app.post("/json", async (c) => c.json({ got: await c.req.json() }, 201));
  app.post("/form", async (c) => c.json(await c.req.parseBody()));
  app.get("/cookies", (c) => {
    setCookie(c, "a", "1", { httpOnly: true });
    setCookie(c, "b", "2");
    return c.json(getCookie(c));
  });
  app.get("/throw", () => {
    throw new Error("a secret");
  });
  app.get("/url", (c) => c.text(c.req.url));
  app.onError((_, c) => c.text("something went wrong", 500));

  test("has its routes, their parameters, and its 404", async () => {
    await using site = await serve(app);
    expect(await (await fetch(`${site.url}/hello/ann?mark=!`)).text()).toBe("hello ann !");
    const missing = await fetch(`${site.url}/nowhere`);
    expect([missing.status, await missing.text()]).toEqual([404, "404 Not Found"]);
    expect(await (await fetch(`${site.url}/url?a=b`)).text()).toBe(`${site.url}/url?a=b`);
  });

  test("reads and writes JSON, and forms", async () => {
    await using site = await serve(app);
    const body = JSON.stringify({ name: "ünther" });
    const response = await fetch(`${site.url}/json`, { method: "POST", body });
    expect([response.status, await response.json()]).toEqual([201, { got: { name: "ünther" } }]);
    const form = new FormData();
    form.append("name", "ann");
    form.append("color", "blue");
    const posted = await fetch(`${site.url}/form`, { method: "POST", body: form });
    expect(await posted.json()).toEqual({ name: "ann", color: "blue" });
  });

  test("sets cookies one by one, and gets them", async () => {
    await using site = await serve(app);
    const response = await fetch(`${site.url}/cookies`, { headers: { Cookie: "x=y; z=%20" } });
    expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/; HttpOnly", "b=2; Path=/"]);
    expect(await response.json()).toEqual({ x: "y", z: " " });
  });

  test("answers HEAD with the head of GET", async () => {
    await using site = await serve(app);
    using wire = await Wire.connect(site.address);
    wire.send("HEAD /hello/ann HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello/ann HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await answer(wire, "HEAD")).toMatchObject({
      status: 200,
      fields: { "content-type": expect.stringContaining("text/plain") },
    });
    expect((await answer(wire)).body).toBe("hello ann ");
  });

  test("has its own answer to what it throws, and the connection goes on", async () => {
    await using site = await serve(app);
    using wire = await Wire.connect(site.address);
    wire.send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello/ann HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await answer(wire)).toMatchObject({ status: 500, body: "something went wrong" });
    expect((await answer(wire)).body).toBe("hello ann ");
    expect(site.errors).toEqual([]);
  });

  test("what it throws past that is the engine's: 500, onError, the end", async () => {
    const error = new Error("a secret");
    const app = new Hono().onError(() => {
      throw error;
    });
    app.get("/", () => {
      throw new Error("first");
    });
    await using site = await serve(app);
    using wire = await Wire.connect(site.address);
    wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const { status, fields, body } = await answer(wire);
    expect([status, fields.connection, body]).toEqual([500, "close", ""]);
    expect(await wire.rest()).toHaveLength(0);
    expect(site.errors).toEqual([error]);
  });

  test("is asked in order, however many requests are sent ahead", async () => {
    await using site = await serve(app);
    using wire = await Wire.connect(site.address);
    for (let i = 0; i < 20; i++) wire.send(`GET /hello/${i} HTTP/1.1\r\nHost: x\r\n\r\n`);
    for (let i = 0; i < 20; i++) expect((await answer(wire)).body).toBe(`hello ${i} `);
  });
});

describe("streams", () => {
  test("come as they are written", async () => {
    const { promise: more, resolve } = Promise.withResolvers<void>();
    const app = new Hono();
    app.get("/", (c) =>
      stream(c, async (stream) => {
        await stream.write("one");
        await more;
        await stream.write("two");
      }),
    );
    await using site = await serve(app);
    using wire = await Wire.connect(site.address);
    wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await answerHead(wire)).fields["transfer-encoding"]).toBe("chunked");
    expect(String(await chunk(wire))).toBe("one");
    resolve();
    expect([String(await chunk(wire)), await chunk(wire)]).toEqual(["two", undefined]);
  });

  test("its server-sent events are heard, and it hears who leaves", async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const app = new Hono();
    app.get("/", (c) =>
      streamSSE(c, async (stream) => {
        stream.onAbort(resolve);
        await stream.writeSSE({ data: "two\nlines", event: "news", id: "7" });
        await aborted;
      }),
    );
    await using site = await serve(app);
    const wire = await Wire.connect(site.address);
    wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await answerHead(wire)).fields).toMatchObject({ "content-type": "text/event-stream" });
    expect(String(await chunk(wire))).toBe("event: news\ndata: two\ndata: lines\nid: 7\n\n");
    wire[Symbol.dispose]();
    await aborted;
  });

  test("a handler that waits is told when its client leaves", async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const app = new Hono();
    app.get("/", async (c) => {
      if (!c.req.raw.signal.aborted) await once(c.req.raw.signal, "abort");
      resolve();
      throw c.req.raw.signal.reason;
    });
    app.onError((error) => {
      throw error;
    });
    await using site = await serve(app);
    const wire = await Wire.connect(site.address);
    wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    wire[Symbol.dispose]();
    await left;
    await site[Symbol.asyncDispose]();
    // That it stopped is no fault of its own.
    expect(site.errors).toEqual([]);
  });

  test("an upload is read at the pace of the handler, whatever its size", async () => {
    const size = 64 * 2 ** 20;
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const app = new Hono();
    app.post("/", async (c) => {
      await go;
      let read = 0;
      for await (const piece of c.req.raw.body!) read += piece.length;
      return c.text(String(read));
    });
    let received = () => 0;
    await using site = await serve(app, {
      onConnect: (connection) => {
        received = () => connection.bytesRead;
      },
    });
    const upload = nodeRequest(site.url, { method: "POST", headers: { "Content-Length": size } });
    const responded = once(upload, "response");
    // Until nobody takes more: the kernel's buffers, and the body's own.
    const piece = Buffer.alloc(2 ** 20);
    for (let sent = 0; sent < size; sent += piece.length) upload.write(piece);
    upload.end();
    while (received() < 64 * 1024) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(received()).toBeLessThan(2 ** 20);
    resolve();
    const [response] = await responded;
    let text = "";
    for await (const piece of response) text += piece;
    expect(text).toBe(String(size));
  });

  test("an upload is echoed as it comes", async () => {
    const app = new Hono();
    app.post("/", (c) => c.body(c.req.raw.body as ReadableStream));
    await using site = await serve(app);
    using wire = await Wire.connect(site.address);
    wire.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await answerHead(wire);
    expect(String(await chunk(wire))).toBe("one");
    wire.send("3\r\ntwo\r\n0\r\n\r\n");
    expect([String(await chunk(wire)), await chunk(wire)]).toEqual(["two", undefined]);
  });
});
