import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Example } from "./support/example.ts";
import { type Answered, answer, answerHead, chunk } from "./support/http-wire.ts";
import { Wire } from "./support/wire.ts";

const anyPort = "http://127.0.0.1:0";

/** Asks as no client would that mends what it is given. */
async function ask(address: string, line: string, fields = ""): Promise<Answered> {
  using wire = await Wire.connect(address);
  wire.send(`${line} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);
  return await answer(wire, line.split(" ")[0]);
}

describe("pages", () => {
  const folder = mkdtempSync(join(tmpdir(), "sock-pages-"));
  const at = (name: string) => join(folder, name);
  const long = "0123456789abcdef".repeat(2 ** 16);

  beforeAll(() => {
    for (const name of ["www", "www/sub", "www/bare", "www-secret", "www/.git"]) mkdirSync(at(name));
    writeFileSync(at("www/index.html"), "<h1>home</h1>");
    writeFileSync(at("www/sub/index.html"), "sub");
    writeFileSync(at("www/a b.txt"), "grüß dich");
    writeFileSync(at("www/empty.css"), "");
    writeFileSync(at("www/long.bin"), long);
    writeFileSync(at("www/.env"), "SECRET");
    writeFileSync(at("www/.git/config"), "SECRET");
    writeFileSync(at("www-secret/key.txt"), "SECRET");
    writeFileSync(at("secret.txt"), "SECRET");
    symlinkSync(at("www-secret"), at("www/link"));
    symlinkSync(at("secret.txt"), at("www/link.txt"));
    utimesSync(at("www/index.html"), 1_700_000_000.5, 1_700_000_000.5);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("serves files with their types and lengths, and to HEAD their heads", async () => {
    await using pages = new Example("pages", at("www"), anyPort);
    const address = await pages.address();
    const rows: [target: string, type: string, body: string][] = [
      ["/", "text/html; charset=utf-8", "<h1>home</h1>"],
      ["/index.html?v=1", "text/html; charset=utf-8", "<h1>home</h1>"],
      ["/sub/", "text/html; charset=utf-8", "sub"],
      ["/a%20b.txt", "text/plain; charset=utf-8", "grüß dich"],
      ["/empty.css", "text/css; charset=utf-8", ""],
      ["/long.bin", "application/octet-stream", long],
    ];
    for (const [target, type, body] of rows) {
      const { status, fields, body: served } = await ask(address, `GET ${target}`);
      expect([target, status, fields["content-type"], served === body]).toEqual([target, 200, type, true]);
      const head = await ask(address, `HEAD ${target}`);
      expect(head.fields["content-length"]).toBe(String(Buffer.byteLength(body)));
    }
    expect(await pages.stop()).toBe(0);
    expect(pages.stderr).toBe("");
  });

  test("serves nothing outside its folder, and nothing hidden in it", async () => {
    await using pages = new Example("pages", at("www"), anyPort);
    const address = await pages.address();
    const targets = [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/sub/../../secret.txt",
      "/../www-secret/key.txt",
      "/..%5csecret.txt",
      "/link/key.txt",
      "/link.txt",
      "/.env",
      "/.git/config",
      "/sub/..%2f.env",
      "//etc/passwd",
      "/missing",
      "/bare/",
      "/index.html/",
      "/index.html/x",
      `/${"x".repeat(5000)}`,
    ];
    for (const target of targets) {
      const { status, body } = await ask(address, `GET ${target}`);
      expect([target, status, body]).toEqual([target, 404, "not found\n"]);
    }
    for (const target of ["/%00", "/index.html%00.txt", "/%", "/%zz", "/%ff"]) {
      expect([target, (await ask(address, `GET ${target}`)).status]).toEqual([target, 400]);
    }
    expect(await ask(address, "POST /")).toMatchObject({ status: 405, fields: { allow: "GET, HEAD" } });
    expect(pages.stderr).toBe("");
  });

  test("knows what the client has already", async () => {
    await using pages = new Example("pages", at("www"), anyPort);
    const address = await pages.address();
    const { fields } = await ask(address, "GET /");
    expect(fields["last-modified"]).toBe("Tue, 14 Nov 2023 22:13:20 GMT");
    const since = (date: string) => ask(address, "GET /", `If-Modified-Since: ${date}\r\n`);
    expect(await since("Tue, 14 Nov 2023 22:13:20 GMT")).toMatchObject({ status: 304, body: "" });
    expect((await since("Tue, 14 Nov 2023 22:13:21 GMT")).status).toBe(304);
    expect((await since("Tue, 14 Nov 2023 22:13:19 GMT")).status).toBe(200);
    expect((await since("yesterday")).status).toBe(200);
  });

  test("sends those who ask for a folder by its name to its page, and never to another host", async () => {
    await using pages = new Example("pages", at("www"), anyPort);
    const address = await pages.address();
    expect(await ask(address, "GET /sub")).toMatchObject({ status: 301, fields: { location: "/sub/" } });
    expect(await ask(address, "GET //sub")).toMatchObject({ status: 301, fields: { location: "/sub/" } });
  });
});

describe("api", () => {
  test("writes, reads and throws away notes", async () => {
    await using api = new Example("api", anyPort);
    const url = await api.address();
    const post = (body: string, type = "application/json") =>
      fetch(`${url}/notes`, { method: "POST", body, headers: { "Content-Type": type } });

    const made = await post('{"text":"buy milk 🥛"}');
    expect([made.status, made.headers.get("location"), await made.json()]).toEqual([
      201,
      "/notes/1",
      { id: 1, text: "buy milk 🥛" },
    ]);
    expect(await (await fetch(`${url}/notes`)).json()).toEqual([{ id: 1, text: "buy milk 🥛" }]);
    expect(await (await fetch(`${url}/notes/1`)).json()).toEqual({ id: 1, text: "buy milk 🥛" });
    expect((await fetch(`${url}/notes/1`, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(`${url}/notes/1`)).status).toBe(404);

    expect((await post("{")).status).toBe(400);
    expect((await post('{"text":""}')).status).toBe(400);
    expect((await post("null")).status).toBe(400);
    expect((await post("text", "text/plain")).status).toBe(415);
    expect((await post(JSON.stringify({ text: "x".repeat(65_536) }))).status).toBe(413);
    expect((await fetch(`${url}/`)).status).toBe(404);
    const patched = await fetch(`${url}/notes`, { method: "PATCH" });
    expect([patched.status, patched.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
    expect(await api.stop()).toBe(0);
    expect(api.stderr).toBe("");
  });
});

describe("events", () => {
  test("go on where they were, and end with the server", async () => {
    await using events = new Example("events", anyPort);
    const address = await events.address();
    expect((await ask(address, "GET /")).body).toContain("new EventSource");
    using wire = await Wire.connect(address);
    wire.send("GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 41\r\n\r\n");
    expect((await answerHead(wire)).fields["content-type"]).toBe("text/event-stream");
    expect(String(await chunk(wire))).toBe("retry: 1000\n\n");
    expect(String(await chunk(wire))).toMatch(/^event: memory\nid: 42\ndata: \{"mebibytes":\d+\}\n\n$/);
    const code = events.stop();
    expect(await chunk(wire)).toBeUndefined();
    expect(await wire.rest()).toHaveLength(0);
    expect(await code).toBe(0);
    expect(events.stderr).toBe("");
  });
});

describe("forward-proxy", () => {
  test("carries bytes both ways, and the end of each", async () => {
    const far = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
      socket.on("end", () => socket.end("BYE"));
    });
    await new Promise<void>((resolve) => far.listen(0, "127.0.0.1", resolve));
    const { port } = far.address() as { port: number };
    await using proxy = new Example("forward-proxy", anyPort);
    using wire = await Wire.connect(await proxy.address());
    // What stands behind the request belongs to the tunnel.
    wire.send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\nfirst `);
    const { status, fields } = await answerHead(wire);
    expect([status, fields]).toEqual([200, {}]);
    expect(String(await wire.read(6))).toBe("FIRST ");
    wire.send("second ");
    expect(String(await wire.read(7))).toBe("SECOND ");
    wire.end();
    expect(String(await wire.rest())).toBe("BYE");
    far.close();
    expect(await proxy.stop()).toBe(0);
    expect(proxy.stderr).toBe("");
  });

  test("says when it cannot connect, and goes on", async () => {
    await using proxy = new Example("forward-proxy", anyPort);
    using wire = await Wire.connect(await proxy.address());
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    wire.send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x:1\r\n\r\n`);
    const refused = await answer(wire, "CONNECT");
    expect([refused.status, refused.body]).toEqual([502, `tcp://127.0.0.1:${port}: nobody listens there\n`]);
    wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await answer(wire)).toMatchObject({ status: 405, fields: { allow: "CONNECT" } });
    expect(proxy.stderr).toBe("");
  });
});
