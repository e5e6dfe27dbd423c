import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@sock/core";
import { text } from "@sock/protocol-text";
import { afterAll, describe, expect, test } from "vitest";
import { dial } from "./support/dial.ts";
import { Example } from "./support/example.ts";
import { answer, answerHead, chunk, webSocketRequest as request } from "./support/http-wire.ts";
import { openRoom } from "./support/room.ts";
import { Wire } from "./support/wire.ts";

const folder = mkdtempSync(join(tmpdir(), "sock-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("echo", () => {
  const plain = {
    raw: Buffer.from("any\0bytes\xff\n", "latin1"),
    text: Buffer.from("one line\nand ünother\n"),
    frame: Buffer.from("\0\0\0\x0bmessage\0\0\0\x04", "latin1"),
  };
  const anyPort = "127.0.0.1:0";

  test.each(Object.entries(plain))("%s: the bytes come back", async (scheme, bytes) => {
    await using echo = new Example("echo", `${scheme}://${anyPort}`);
    using wire = await Wire.connect(await echo.address());
    wire.send(bytes);
    expect(await wire.read(bytes.length)).toEqual(bytes);
    expect(await echo.stop()).toBe(0);
    expect(await wire.rest()).toHaveLength(0);
    expectNoMoreThanAnAddress(echo, scheme);
  });

  test("websocket: messages come back as the kind that they were", async () => {
    await using echo = new Example("echo", `websocket://${anyPort}`);
    const { socket, next } = await dial((await echo.address()).replace("websocket:", "ws:"));
    socket.send("text 😀");
    expect(await next()).toBe("text 😀");
    socket.send(Buffer.from([0, 255]));
    expect(await next()).toEqual(new Uint8Array([0, 255]).buffer);
    const code = echo.stop();
    expect(await next()).toEqual({ code: 1001, reason: "", wasClean: true });
    expect(await code).toBe(0);
    expectNoMoreThanAnAddress(echo, "websocket");
  });

  test("over TLS the bytes come back, and the certificate is the one for tests", async () => {
    await using echo = new Example("echo", `text+tls://${anyPort}`);
    const address = await echo.address();
    expect(address).toMatch(/^text\+tls:\/\/127\.0\.0\.1:\d+$/);
    const ca = readFileSync(join(import.meta.dirname, "../examples/certificates/ca.pem"));
    const client = await connect(address.replace("text+", ""), { codec: text(), tls: { ca } });
    client.send("one line");
    for await (const line of client) {
      expect(line).toBe("one line");
      break;
    }
    client.close();
    expect(await echo.stop()).toBe(0);
    expectNoMoreThanAnAddress(echo, "text\\+tls");
  });

  test("it may be stopped as soon as it has said where it listens", async () => {
    await using echo = new Example("echo", `text://${anyPort}`);
    await echo.address();
    expect(await echo.stop("SIGINT")).toBe(0);
    expectNoMoreThanAnAddress(echo, "text");
  });

  test("it listens on a unix socket, and removes it", async () => {
    const path = join(folder, "x.sock");
    await using echo = new Example("echo", `text+unix:${path}`);
    expect(await echo.address()).toBe(`text+unix:${path}`);
    using wire = await Wire.connect(`text+unix:${path}`);
    wire.send("hello\n");
    expect(await wire.readLine()).toBe("hello\n");
    expect(await echo.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(echo.stdout).toBe(`listening on text+unix:${path}\n`);
    expect(echo.stderr).toBe("");
  });

  test.each([
    ["raw", "any\0bytes"],
    ["text", "one line\r\n"],
    ["frame", "\0\0\0\x0bmessage"],
  ])("%s+udp: datagrams come back", async (scheme, datagram) => {
    await using echo = new Example("echo", `${scheme}+udp://${anyPort}`);
    const { port, hostname } = new URL(await echo.address());
    const socket = createSocket("udp4");
    socket.send(datagram, Number(port), hostname);
    const [answer] = await once(socket, "message");
    expect(String(answer)).toBe(datagram.replace("\r", ""));
    socket.close();
    expect(await echo.stop()).toBe(0);
    expectNoMoreThanAnAddress(echo, `${scheme}\\+udp`);
  });

  test("websocket+udp is none: it shakes hands", async () => {
    await using echo = new Example("echo", `websocket+udp://${anyPort}`);
    expect(await echo.ended).toBe(1);
    expect(echo.stderr).toContain("needs a connection");
  });

  describe("stopped while it owes an answer, it pays", () => {
    // More than the kernel keeps on its way, and than any default limit.
    const size = 20 * 2 ** 20;
    const message = Buffer.alloc(size, "0123456789abcdef");

    test.each([
      ["text", [message, "\n"], [message, "\n"]],
      ["frame", [uint32(4 + size), message], [uint32(4 + size), message]],
    ] as const)("%s", async (scheme, sent, owed) => {
      await using echo = new Example("echo", `${scheme}://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      wire.send(...sent);
      await wire.has(1);
      const code = echo.stop();
      expect(sameBytes(await wire.rest(), owed)).toBe(true);
      expect(await code).toBe(0);
      expectNoMoreThanAnAddress(echo, scheme);
    });

    test("websocket, and says 1001", async () => {
      await using echo = new Example("echo", `websocket://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      wire.send(request());
      await head(wire);
      // Masked with zeros.
      wire.send(Buffer.of(0x82, 0xff), uint32(0), uint32(size), uint32(0), message);
      await wire.has(1);
      const code = echo.stop();
      const goodbye = Buffer.of(0x88, 2, 0x03, 0xe9);
      const owed = [Buffer.of(0x82, 127), uint32(0), uint32(size), message, goodbye];
      const answer = await wire.read(size + 14);
      wire.send(Buffer.of(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9));
      expect(sameBytes(answer, owed)).toBe(true);
      expect(await wire.rest()).toHaveLength(0);
      expect(await code).toBe(0);
      expectNoMoreThanAnAddress(echo, "websocket");
    });

    // Bytes have no message that could be owed whole: what was read is, and nothing but the end comes behind it.
    test("raw", async () => {
      await using echo = new Example("echo", `raw://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      wire.send(message);
      await wire.has(1);
      const code = echo.stop();
      const answer = await wire.rest();
      expect(answer.length).toBeGreaterThan(0);
      expect(answer.equals(message.subarray(0, answer.length))).toBe(true);
      expect(await code).toBe(0);
      expectNoMoreThanAnAddress(echo, "raw");
    });
  });

  describe("http", () => {
    const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
    const post = (target: string, body: string) =>
      `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

    test("any method and path get their body back, OK where there is none", async () => {
      await using echo = new Example("echo", `http://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      const rows: [request: string, body: string][] = [
        [get("/"), "OK"],
        [get("/any/path?query"), "OK"],
        [post("/", "hello\n\0"), "hello\n\0"],
        [post("/", "").replace("POST", "PUT"), "OK"],
        [post("/", "x").replace("POST", "PURGE"), "x"],
        [
          get("/", "Transfer-Encoding: chunked\r\n").replace("GET", "POST") +
            "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
          "hello",
        ],
      ];
      wire.send(...rows.map(([request]) => request));
      for (const [request, body] of rows) {
        const answered = await answer(wire);
        expect([request, answered.status, answered.body]).toEqual([request, 200, body]);
        expect(answered.fields["content-length"]).toBe(String(body.length));
      }
      wire.send(get("/").replace("GET", "HEAD"));
      expect((await answer(wire, "HEAD")).fields["content-length"]).toBe("2");
    });

    test("/echo answers the fields in their order, /cookie the cookies", async () => {
      await using echo = new Example("echo", `http://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      wire.send(get("/echo", "b: 2\r\nA: 1\r\nb:3\r\n"));
      expect((await answer(wire)).body).toBe("Host: x\nb: 2\nA: 1\nb: 3\n");
      wire.send(get("/cookie", "Cookie: a=1; b=two=2;c=\r\n"));
      expect((await answer(wire)).body).toBe("a=1\nb=two=2\nc=\n");
      wire.send(get("/cookie"));
      expect((await answer(wire)).body).toBe("");
    });

    test("/stream echoes as it comes", async () => {
      await using echo = new Example("echo", `http://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      wire.send("POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
      expect((await answerHead(wire)).status).toBe(200);
      expect(String(await chunk(wire))).toBe("one");
      wire.send("3\r\ntwo\r\n0\r\n\r\n");
      expect([String(await chunk(wire)), await chunk(wire)]).toEqual(["two", undefined]);
    });

    test("a WebSocket on any path echoes; when it is stopped, it is told to come back", async () => {
      await using echo = new Example("echo", `http://${anyPort}`);
      const address = await echo.address();
      const { socket, next } = await dial(`${address.replace("http:", "ws:")}/any`);
      socket.send("text 😀");
      expect(await next()).toBe("text 😀");
      const code = echo.stop();
      expect(await next()).toEqual({ code: 1012, reason: "", wasClean: true });
      expect(await code).toBe(0);
      expectNoMoreThanAnAddress(echo, "http");
    });

    test("stopped while it owes an answer, it pays", async () => {
      await using echo = new Example("echo", `http://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      const body = "0123456789abcdef".repeat(2 ** 20);
      wire.send(post("/", body));
      await wire.has(1);
      const code = echo.stop();
      expect((await answer(wire)).body === body).toBe(true);
      expect(await wire.rest()).toHaveLength(0);
      expect(await code).toBe(0);
      expectNoMoreThanAnAddress(echo, "http");
    });

    test("a client that leaves within its body is not worth a word", async () => {
      await using echo = new Example("echo", `http://${anyPort}`);
      const wire = await Wire.connect(await echo.address());
      wire.send(post("/", "hello").slice(0, -1));
      wire[Symbol.dispose]();
      expect(await echo.stop()).toBe(0);
      expectNoMoreThanAnAddress(echo, "http");
    });
  });

  describe("permessage-deflate", () => {
    const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    const accepted = /^Sec-WebSocket-Extensions: permessage-deflate\b.*\r$/m;

    test("websocket://…?deflate accepts it", async () => {
      await using echo = new Example("echo", `websocket://${anyPort}?deflate`);
      using wire = await Wire.connect(await echo.address());
      wire.send(request("/", offer));
      expect(await head(wire)).toMatch(accepted);
      // RFC 7692 7.2.3.1, masked with zeros.
      wire.send(Buffer.from("c18700000000f248cdc9c90700", "hex"));
      expect(await wire.read(7)).toEqual(Buffer.from("\x81\x05Hello", "latin1"));
    });

    test("and nobody else does", async () => {
      await using echo = new Example("echo", `websocket://${anyPort}`);
      using wire = await Wire.connect(await echo.address());
      wire.send(request("/", offer));
      expect(await head(wire)).not.toMatch(/extensions/i);
    });
  });

  test.each([`gopher://${anyPort}`, `http+udp://${anyPort}`, "text", ""])(
    "what it does not know ends with 2 and its usage: %j",
    async (argument) => {
      await using echo = new Example("echo", argument);
      expect(await echo.ended).toBe(2);
      expect(echo.stdout).toBe("");
      expect(echo.stderr).toBe(
        "usage: echo <scheme>[+tls|+udp]://<host>:<port> or <scheme>+unix:/path; schemes: raw text frame websocket http\n",
      );
    },
  );
});

describe("chat", () => {
  test("lines, frames and WebSockets are in one room", async () => {
    await using room = await openRoom();
    using wire = await Wire.connect(room.lines);
    expect(await wire.readLine()).toBe("user[1] came\n");

    const { socket, next } = await dial(room.web);
    expect(await next()).toBe("user[2] came");
    expect(await wire.readLine()).toBe("user[2] came\n");

    using framed = await Wire.connect(room.frames);
    const frame = async () => (await framed.read((await framed.read(4)).readUInt32BE() - 4)).toString();
    expect(await frame()).toBe("user[3] came");
    expect(await wire.readLine()).toBe("user[3] came\n");
    expect(await next()).toBe("user[3] came");

    wire.send("hello\n");
    expect(await wire.readLine()).toBe("user[1] said: hello\n");
    expect(await next()).toBe("user[1] said: hello");
    expect(await frame()).toBe("user[1] said: hello");

    socket.send("grüß dich 😀");
    expect(await wire.readLine()).toBe("user[2] said: grüß dich 😀\n");
    expect(await next()).toBe("user[2] said: grüß dich 😀");

    framed.send(uint32(9), "hallo");
    expect(await next()).toBe("user[3] said: hallo");
    expect(await wire.readLine()).toBe("user[3] said: hallo\n");

    socket.close();
    expect(await wire.readLine()).toBe("user[2] logout\n");
  });

  test("a line that left is told to WebSockets", async () => {
    await using room = await openRoom();
    const { next } = await dial(room.web);
    expect(await next()).toBe("user[1] came");
    const wire = await Wire.connect(room.lines);
    expect(await next()).toBe("user[2] came");
    wire[Symbol.dispose]();
    expect(await next()).toBe("user[2] logout");
  });

  test("what would break the line of another is not told there", async () => {
    await using room = await openRoom();
    using wire = await Wire.connect(room.lines);
    expect(await wire.readLine()).toBe("user[1] came\n");
    const { socket, next } = await dial(room.web);
    await wire.readLine();
    expect(await next()).toBe("user[2] came");
    socket.send("two\nlines\r\nand \u001b[31mcolor\u2028");
    expect(await wire.readLine()).toBe("user[2] said: two lines and  [31mcolor\n");
    expect(await next()).toBe("user[2] said: two lines and  [31mcolor");
    socket.send("  ");
    socket.send("x".repeat(3000));
    expect(await wire.readLine()).toBe(`user[2] said: ${"x".repeat(2000)}\n`);
  });

  test("names can be had, one for each", async () => {
    await using room = await openRoom();
    using ann = await Wire.connect(room.lines);
    ann.send("/name Ann\n", "/name Ann\n", "/name \n", "/name user[7]\n", "hello\n");
    expect(await ann.readLine()).toBe("user[1] came\n");
    expect(await ann.readLine()).toBe("user[1] is now Ann\n");
    expect(await ann.readLine()).toBe("Ann said: hello\n");
    const { next } = await dial(`${room.web}/?name=${encodeURIComponent(" aNN\n")}`);
    expect(await next()).toBe("aNN 2 came");
  });

  test("its page hears JSON, and first what it has missed", async () => {
    await using room = await openRoom();
    using wire = await Wire.connect(room.lines);
    wire.send("before\n");
    await wire.readLine();
    await wire.readLine();
    const { socket, next } = await dial(`${room.web}/room?name=Ann`);
    const heard = async () => JSON.parse((await next()) as string);
    const at = expect.any(Number);
    expect(await heard()).toEqual({
      type: "welcome",
      you: "Ann",
      here: ["user[1]"],
      before: [{ type: "said", name: "user[1]", text: "before", at }],
    });
    expect(await heard()).toEqual({ type: "came", name: "Ann" });
    socket.send("two\nlines");
    expect(await heard()).toEqual({ type: "said", name: "Ann", text: "two\nlines", at });
    socket.send("/name Bob");
    expect(await heard()).toEqual({ type: "renamed", name: "Ann", now: "Bob" });
    wire[Symbol.dispose]();
    expect(await heard()).toEqual({ type: "left", name: "user[1]" });
  });

  test("the page is served, and nothing else, to pages of its own", async () => {
    await using room = await openRoom();
    const page = await fetch(room.page);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    // Everything comes from here.
    expect(await page.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect((await fetch(`${room.page}/chat.js`)).status).toBe(200);
    expect((await fetch(`${room.page}/../chat.ts`)).status).toBe(404);
    expect((await fetch(room.page, { method: "POST" })).status).toBe(405);
    using wire = await Wire.connect(room.page);
    wire.send(request("/room", "Origin: https://evil.example\r\n"));
    expect((await answer(wire)).status).toBe(403);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s lets everybody know, and ends it with 0", async (signal) => {
    await using room = await openRoom();
    const { next } = await dial(room.web);
    expect(await next()).toBe("user[1] came");
    using wire = await Wire.connect(room.lines);
    expect(await next()).toBe("user[2] came");

    const code = room.chat.stop(signal);
    expect(await next()).toEqual({ code: 1001, reason: "", wasClean: true });
    expect(String(await wire.rest())).toBe("user[2] came\n");
    expect(await code).toBe(0);
    expect(room.chat.stderr).toBe("");
  });

  test("what has no memory runs in two processes, beside a room that has one", async () => {
    await using room = await openRoom();
    using wire = await Wire.connect(room.echo);
    wire.send("one line\n");
    expect(await wire.readLine()).toBe("one line\n");
    expect(await (await fetch(room.greeter)).text()).toMatch(/^hello \/, says process [01] of 2, pid \d+\n$/);
    const { code, output } = await room.command("status", "--json");
    const { workers } = JSON.parse(output) as { workers: { name: string; count: number }[] };
    expect([code, ...workers.map(({ name, count }) => `${name} ${count}`)]).toEqual([
      0,
      "chat 1",
      "echo 2",
      "pages 2",
    ]);
  });

  test("a reload gives the room to another process, and whoever was in it may come back", async () => {
    await using room = await openRoom();
    const { next } = await dial(room.web);
    expect(await next()).toBe("user[1] came");
    using wire = await Wire.connect(room.lines);
    expect(await wire.readLine()).toBe("user[2] came\n");
    expect((await room.command("reload")).code).toBe(0);
    await wire.rest();
    let said = await next();
    while (typeof said === "string") said = await next();
    expect(said).toMatchObject({ code: 1012 });
    using again = await Wire.connect(room.lines);
    expect(await again.readLine()).toBe("user[1] came\n");
    expect(room.chat.stdout.match(/listening on/g)).toHaveLength(1);
  });

  test("users who join talk to each other", async () => {
    await using room = await openRoom();
    await using ann = new Example("join", room.web);
    await ann.says(/^user\[1\] came$/m);
    await using bob = new Example("join", room.lines);
    await ann.says(/^user\[2\] came$/m);
    await using eve = new Example("join", room.frames);
    await ann.says(/^user\[3\] came$/m);

    ann.type("hello");
    await bob.says(/^user\[1\] said: hello$/m);
    bob.type("hello yourself");
    await ann.says(/^user\[2\] said: hello yourself$/m);
    eve.type("and me");
    await ann.says(/^user\[3\] said: and me$/m);

    bob.typeEnd();
    await ann.says(/^user\[2\] logout$/m);
    expect(await bob.ended).toBe(0);

    const code = room.chat.stop();
    expect([await ann.ended, await eve.ended, await code]).toEqual([0, 0, 0]);
    expect(ann.stdout).toBe(
      "user[1] came\nuser[2] came\nuser[3] came\nuser[1] said: hello\nuser[2] said: hello yourself\n" +
        "user[3] said: and me\nuser[2] logout\n",
    );
    expect(ann.stderr + bob.stderr + eve.stderr + room.chat.stderr).toBe("");
  });
});

function expectNoMoreThanAnAddress({ stdout, stderr }: Example, scheme: string): void {
  expect(stdout).toMatch(new RegExp(`^listening on ${scheme}://127\\.0\\.0\\.1:[1-9][0-9]*\n$`));
  expect(stderr).toBe("");
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The answer to it. */
async function head(wire: Wire): Promise<string> {
  let head = "";
  while (!head.endsWith("\r\n\r\n")) head += await wire.readLine();
  return head;
}

/** Of megabytes a difference is of no use. */
function sameBytes(bytes: Buffer, pieces: readonly (string | Uint8Array)[]): boolean {
  return bytes.equals(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
}
