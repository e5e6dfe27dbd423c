import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect as connectSocket, createServer as createNetServer } from "node:net";
import { ProtocolError } from "@sock/codec";
import { type Connection, connect, createEventLoop, listen, raw, type SockError } from "@sock/core";
import {
  type HttpClientNote,
  type HttpClientOptions,
  type HttpQuestion,
  type HttpResponseReceived,
  http,
  httpClient,
  httpConnect,
  type IncomingBody,
} from "@sock/protocol-http";
import { text } from "@sock/protocol-text";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, onTestFinished, test } from "vitest";

// The client on a connection of the engine: against Node's server, and where the two have something to agree on.

async function nodeServer(listener: RequestListener): Promise<{ address: string; server: Server }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** A server of bare sockets, each of which is told `bytes`, and what comes to them. */
async function bareServer(...answers: (string | undefined)[]) {
  const come: string[] = [];
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.on("data", (chunk) => {
      come.push(String(chunk));
      const answer = answers.shift();
      if (answer !== undefined) socket.write(answer);
    });
    socket.on("end", () => socket.end());
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, come };
}

type Client<Body> = Connection<HttpResponseReceived<Body>, HttpQuestion, HttpClientNote>;

const dial = (
  address: string,
  options: HttpClientOptions<"buffer"> = {},
  more = {},
): Promise<Client<Buffer>> =>
  connect(address, { codec: httpClient({ host: "example.com", ...options }), ...more });

const dialStreaming = (address: string): Promise<Client<IncomingBody>> =>
  connect(address, { codec: httpClient({ host: "example.com", body: "stream" }) });

/** The answers to all these, in their order. */
async function ask(client: Client<Buffer>, ...questions: HttpQuestion[]) {
  for (const question of questions) client.send(question);
  const answers: HttpResponseReceived[] = [];
  for await (const answer of client) if (answers.push(answer) === questions.length) break;
  return answers;
}

async function bodyOf(message: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function* pieces(...all: string[]): AsyncGenerator<string> {
  for (const piece of all) {
    await new Promise(setImmediate);
    yield piece;
  }
}

/** Says what was asked, and echoes its body. */
const echo: RequestListener = async (request, response) => {
  const body = await bodyOf(request);
  response.setHeader("X-Asked", `${request.method} ${request.url} for ${request.headers.host}`);
  response.setHeader("X-Trailer", String(request.trailers.size ?? ""));
  response.end(body);
};

describe("node:http answers", () => {
  test("GET, POST, PUT and HEAD, on one connection", async () => {
    const { address, server } = await nodeServer(echo);
    let sockets = 0;
    server.on("connection", () => void sockets++);
    await using client = await dial(address);
    const answers = await ask(
      client,
      "/a?b",
      { method: "POST", target: "/", body: "grüß" },
      { method: "PUT", target: "/", body: Buffer.from("bytes") },
      { method: "HEAD", target: "/" },
      { method: "POST", target: "/", body: pieces("in ", "chunks"), trailers: () => ({ Size: 9 }) },
      { method: "POST", target: "/", headers: { "Content-Length": 7 }, body: pieces("cou", "nted") },
      { method: "DELETE", target: "/last" },
    );
    expect(
      answers.map(({ status, headers, body }) => [status, headers.get("x-asked"), String(body)]),
    ).toEqual([
      [200, "GET /a?b for example.com", ""],
      [200, "POST / for example.com", "grüß"],
      [200, "PUT / for example.com", "bytes"],
      [200, "HEAD / for example.com", ""],
      [200, "POST / for example.com", "in chunks"],
      [200, "POST / for example.com", "counted"],
      [200, "DELETE /last for example.com", ""],
    ]);
    expect(answers[4]!.headers.get("x-trailer")).toBe("9");
    expect(sockets).toBe(1);
  });

  test("requests that were sent ahead, in their order", async () => {
    const first = Promise.withResolvers<void>();
    const { address } = await nodeServer(async (request, response) => {
      // The first is the slowest.
      if (request.url === "/0") await first.promise;
      if (request.url === "/49") first.resolve();
      response.end(request.url);
    });
    await using client = await dial(address, { pipelining: true });
    const targets = Array.from({ length: 50 }, (_, at) => `/${at}`);
    const answers = await ask(client, ...targets);
    expect(answers.map(({ body }) => String(body))).toEqual(targets);
  });

  test("chunks, trailers, no body, errors, until the connection ends", async () => {
    const { address } = await nodeServer((request, response) => {
      if (request.url === "/chunks") {
        response.writeHead(200, { Trailer: "Size" });
        response.write("in ");
        response.write("chunks");
        response.addTrailers({ Size: "9" });
        response.end();
      } else if (request.url === "/204") response.writeHead(204).end();
      else if (request.url === "/304") response.writeHead(304, { "Content-Length": 9 }).end();
      else if (request.url === "/close") {
        response.shouldKeepAlive = false;
        response.useChunkedEncodingByDefault = false;
        response.removeHeader("transfer-encoding");
        response.write("until ");
        response.end("the end");
      } else response.writeHead(404, "Nowhere").end("no");
    });
    await using client = await dial(address);
    const answers = await ask(client, "/chunks", "/204", "/304", "/else", "/close");
    expect(answers.map(({ status, reason, body }) => [status, reason, String(body)])).toEqual([
      [200, "OK", "in chunks"],
      [204, "No Content", ""],
      [304, "Not Modified", ""],
      [404, "Nowhere", "no"],
      [200, "OK", "until the end"],
    ]);
    expect(answers[0]!.trailers!.get("size")).toBe("9");
    const last = answers[4]!.headers;
    expect([last.has("content-length"), last.has("transfer-encoding")]).toEqual([false, false]);
  });

  test("early hints are notes; a body that waits for 100 is sent when it comes", async () => {
    const { address, server } = await nodeServer(echo);
    server.on("checkContinue", (request, response: ServerResponse) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.writeContinue();
      void echo(request, response);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    const notes: unknown[] = [];
    await using client = await dial(
      address,
      {},
      {
        onNote(_: unknown, note: HttpClientNote) {
          if (note.type !== "informational") return;
          notes.push([note.status, note.headers.get("link")]);
          if (note.status === 100) resolve();
        },
      },
    );
    const body = (async function* () {
      await promise;
      yield "hello";
    })();
    const [answer] = await ask(client, {
      method: "POST",
      target: "/",
      headers: { Expect: "100-continue" },
      body,
    });
    expect(String(answer!.body)).toBe("hello");
    expect(notes).toEqual([
      [103, "</style.css>; rel=preload"],
      [100, undefined],
    ]);
  });

  test("an answer as large as it likes, at the pace of its reader", async () => {
    const size = 8 * 2 ** 20;
    const { address } = await nodeServer((_, response) => response.end(Buffer.alloc(size)));
    await using client = await dialStreaming(address);
    client.send("/");
    for await (const { body } of client) {
      let read = 0;
      for await (const piece of body) {
        read += piece.length;
        expect(client.recvBufferSize).toBeLessThan(2 ** 20);
      }
      expect(read).toBe(size);
      break;
    }
  });

  test("an upgrade, and bytes of the next protocol right behind it", async () => {
    const { address, server } = await nodeServer(echo);
    server.on("upgrade", (_, socket) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\nhello\n",
      );
      socket.on("data", (line) => socket.end(`you said ${line}`));
    });
    const lines: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    await using client = await dial(
      address,
      {},
      {
        onMessage(connection: Client<Buffer>, { status }: HttpResponseReceived) {
          expect(status).toBe(101);
          connection.upgrade(text(), {
            onMessage: (upgraded, line) => {
              lines.push(line);
              if (lines.length === 1) upgraded.send("hi");
            },
            onClose: () => resolve(),
          });
        },
      },
    );
    client.send({ target: "/", headers: { Connection: "Upgrade", Upgrade: "lines" } });
    await promise;
    expect(lines).toEqual(["hello", "you said hi"]);
  });
});

describe("with the engine", () => {
  const LAST = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast";

  test("behind a last answer nothing is lost without a word: what waited is given back, then send says closed", async () => {
    const { address, come } = await bareServer(LAST);
    const told: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = await dial(
      address,
      {},
      {
        onMessage: (_: unknown, { body }: HttpResponseReceived) => void told.push(String(body)),
        onNote: (_: unknown, note: HttpClientNote) =>
          void (note.type === "unanswered" && told.push(note.request)),
        onError: (_: unknown, error: unknown) => void told.push(error),
        onClose: () => resolve(),
      },
    );
    expect(["/1", "/2", "/3"].map((target) => client.send(target))).toEqual(["sent", "buffered", "buffered"]);
    await promise;
    expect(told).toEqual(["last", "/2", "/3"]);
    expect(client.send("/4")).toBe("closed");
    expect(come).toEqual(["GET /1 HTTP/1.1\r\nHost: example.com\r\n\r\n"]);
  });

  test("from the head of the last answer on, send says closed", async () => {
    const { address } = await bareServer(LAST.slice(0, -1));
    await using client = await connect(address, { codec: httpClient({ host: "a", body: "stream" }) });
    client.send("/1");
    for await (const { body } of client) {
      expect(client.send("/2")).toBe("closed");
      body.abandon();
      break;
    }
    client.destroy();
  });

  test("a request that cannot be told is refused at the call, and the connection goes on", async () => {
    const { address } = await nodeServer(echo);
    await using client = await dial(address);
    expect(() => client.send("/\r\n")).toThrow(TypeError);
    expect((await ask(client, "/"))[0]!.status).toBe(200);
  });

  test("close sends what was accepted, in its turn", async () => {
    const asked: (string | undefined)[] = [];
    const { address } = await nodeServer((request, response) => {
      asked.push(request.url);
      response.end();
    });
    const client = await dial(address);
    client.send("/1");
    client.send("/2");
    client.close("/3");
    await client[Symbol.asyncDispose]();
    await expect.poll(() => asked).toEqual(["/1", "/2", "/3"]);
  });

  test("an echo larger than all buffers between: neither side waits for the other without end", async () => {
    await using server = await listen("tcp://127.0.0.1:0", {
      codec: http({ body: "stream" }),
      onMessage: (connection, { body }) => void connection.send({ body }),
    });
    const piece = Buffer.alloc(64 * 1024);
    async function* upload() {
      for (let at = 0; at < 320; at++) yield piece;
    }
    await using client = await dialStreaming(server.address);
    client.send({ method: "POST", target: "/", body: upload() });
    for await (const { body } of client) {
      let size = 0;
      for await (const piece of body) size += piece.length;
      expect(size).toBe(320 * piece.length);
      break;
    }
  });

  test("an answer that was there before its request ends the connection", async () => {
    const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    const { address, come } = await bareServer(`${OK}ok${OK}no`);
    const told: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = await dial(
      address,
      {},
      {
        onMessage(connection: Client<Buffer>, { body }: HttpResponseReceived) {
          told.push(String(body));
          connection.send("/secret");
        },
        onError: (_: unknown, error: ProtocolError) => void told.push(error.code),
        onClose: () => resolve(),
      },
    );
    client.send("/");
    await promise;
    expect(told).toEqual(["ok", "HTTP_UNASKED"]);
    expect(come.join("")).not.toContain("secret");
  });

  test("a server that does not answer in time is left, and what waited for the answer is given back", async () => {
    const { address } = await bareServer();
    const clock = new ManualClock();
    const told: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = await dial(
      address,
      { answerTimeout: 5000 },
      {
        loop: createEventLoop(clock),
        onError: (_: unknown, error: SockError) => void told.push(error.code),
        onNote: (_: unknown, note: HttpClientNote) => void told.push(note),
        onClose: () => resolve(),
      },
    );
    clock.advance(60_000);
    for (const target of ["/1", "/2"]) client.send(target);
    clock.advance(4_999);
    expect(client.state).toBe("open");
    clock.advance(1_000);
    await promise;
    expect(told).toEqual(["PHASE_TIMEOUT", { type: "unanswered", request: "/2", isSent: false }]);
  });
});

describe("through an HTTP proxy", () => {
  /** A proxy of Node's, and whom it was asked for. */
  async function proxy(credentials?: string) {
    const asked: string[] = [];
    const { address, server } = await nodeServer((_, response) => response.writeHead(405).end());
    server.on("connect", ({ url = "", headers }, client, head) => {
      asked.push(url);
      onTestFinished(() => void client.destroy());
      client.on("error", () => {});
      if (credentials !== undefined && headers["proxy-authorization"] !== credentials) {
        client.end("HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Basic\r\n\r\n");
        return;
      }
      const [host = "", port] = url.split(":");
      const target = connectSocket(Number(port), host, () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        target.write(head);
        target.pipe(client).pipe(target);
      });
      target.on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    });
    return { address, asked };
  }

  async function greeter() {
    const server = await listen("tcp://127.0.0.1:0", {
      codec: text(),
      // Right behind the proxy's consent, or with it.
      onConnect: (connection) => void connection.send("welcome"),
      onMessage: (connection, line) => void connection.send(`you said ${line}`),
    });
    onTestFinished(() => server.close());
    return server;
  }

  test("to the target, whatever it speaks", async () => {
    const server = await greeter();
    const { address, asked } = await proxy(`Basic ${Buffer.from("me:secret").toString("base64")}`);
    const via = [httpConnect({ address, username: "me", password: "secret" })];
    await using client = await connect(server.address, { codec: text(), via });
    client.send("hello");
    const lines: string[] = [];
    for await (const line of client) if (lines.push(line) === 2) break;
    expect(lines).toEqual(["welcome", "you said hello"]);
    expect(asked).toEqual([server.address.slice("tcp://".length)]);
  });

  test("and through a second one behind it", async () => {
    const server = await greeter();
    const [first, second] = [await proxy(), await proxy()];
    const via = [httpConnect(first), httpConnect(second)];
    await using client = await connect(server.address, { codec: text(), via });
    for await (const line of client) {
      expect(line).toBe("welcome");
      break;
    }
    expect([first.asked, second.asked]).toEqual([
      [second.address.slice("tcp://".length)],
      [server.address.slice("tcp://".length)],
    ]);
  });

  test("not without the right words", async () => {
    const { address } = await proxy("Basic no");
    const attempt = connect("tcp://127.0.0.1:1", { codec: raw(), via: [httpConnect({ address })] });
    await expect(attempt).rejects.toMatchObject({
      code: "HTTP_PROXY_AUTHENTICATION",
      cause: { status: 407, reason: "Who Are You" },
    });
    await expect(attempt).rejects.toSatisfy(ProtocolError.is);
  });

  test("not where nobody listens", async () => {
    const closed = await listen("tcp://127.0.0.1:0", { codec: raw() });
    await closed.close();
    const { address } = await proxy();
    const attempt = connect(closed.address, { codec: raw(), via: [httpConnect({ address })] });
    await expect(attempt).rejects.toMatchObject({ code: "HTTP_PROXY_STATUS", cause: { status: 502 } });
  });

  test("ours, of the example, lets it through too", async () => {
    const server = await greeter();
    await using proxy = await listen("tcp://127.0.0.1:0", {
      codec: http(),
      async onMessage(connection, { method, target }) {
        if (method !== "CONNECT") return void connection.send({ status: 405 });
        const upstream = await connect(`tcp://${target}`);
        connection.send({ status: 200 });
        const tunnel = connection.upgrade(raw());
        tunnel.pipe(upstream).pipe(tunnel);
      },
    });
    const via = [httpConnect({ address: proxy.address })];
    await using client = await connect(server.address, { codec: text(), via });
    for await (const line of client) {
      expect(line).toBe("welcome");
      break;
    }
  });
});
