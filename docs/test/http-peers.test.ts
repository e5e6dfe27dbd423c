import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Connection, listen, type Server } from "@sock/core";
import { type HttpAnswer, type HttpRequest, http, type IncomingBody } from "@sock/protocol-http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

// Clients that others wrote, and our server: bodies read as they come, over TCP.

type Handler = (
  request: HttpRequest<IncomingBody>,
  connection: Connection<HttpRequest<IncomingBody>, HttpAnswer>,
) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;

let server: Server<HttpRequest<IncomingBody>, HttpAnswer>;
let url: string;
let handler: Handler;
const errors: unknown[] = [];

/** What came, as text: what it is that clients send is seen so. */
const told: Handler = async ({ method, target, version, headers, body }) => {
  const text = await body.text();
  return `${method} ${target} ${version} ${headers.get("x-a") ?? "-"} ${text.length} ${body.trailers?.get("x-t") ?? "-"}`;
};

beforeAll(async () => {
  server = await listen("tcp://127.0.0.1:0", {
    codec: http({ body: "stream" }),
    async onMessage(connection, message) {
      const answer = await handler(message, connection);
      if (answer !== undefined) connection.send(answer);
    },
    onError: (_, error) => void errors.push(error),
  });
  url = server.address.replace("tcp:", "http:");
});
afterAll(() => server.close());
beforeEach(() => {
  handler = told;
  errors.length = 0;
});

async function* pieces(count: number, size: number): AsyncGenerator<Buffer> {
  for (let nth = 0; nth < count; nth++) yield Buffer.alloc(size, nth);
}

describe("node:http's client", () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  afterAll(() => agent.destroy());

  const open = (options: RequestOptions = {}): ClientRequest => request(url, { agent, ...options });

  async function response(asked: ClientRequest): Promise<IncomingMessage & { text: string }> {
    const [message] = (await once(asked, "response")) as [IncomingMessage];
    const read: Buffer[] = [];
    for await (const piece of message) read.push(piece as Buffer);
    return Object.assign(message, { text: Buffer.concat(read).toString("latin1") });
  }

  test("asks again and again on the connections that it keeps", async () => {
    const before = server.stats().opened;
    for (let round = 0; round < 5; round++) {
      const asked = Array.from({ length: 20 }, (_, nth) => open({ path: `/${nth}` }).end());
      const texts = (await Promise.all(asked.map(response))).map(({ text }) => text);
      expect(texts).toEqual(asked.map((_, nth) => `GET /${nth} 1.1 - 0 -`));
    }
    expect(server.stats().opened - before).toBeLessThanOrEqual(4);
    expect(errors).toEqual([]);
  });

  test("uploads in chunks, with trailers", async () => {
    const asked = open({ method: "POST", headers: { "X-A": "b", Trailer: "X-T" } });
    for await (const piece of pieces(50, 10_000)) asked.write(piece);
    asked.addTrailers({ "X-T": "sum" });
    expect((await response(asked.end())).text).toBe("POST / 1.1 b 500000 sum");
  });

  test("gets chunks, with trailers", async () => {
    handler = () => ({ body: pieces(50, 10_000), trailers: () => ({ "X-T": "sum" }) });
    const answered = await response(open().end());
    expect([answered.text.length, answered.trailers["x-t"]]).toEqual([500_000, "sum"]);
  });

  test("waits for 100-continue, and sends then", async () => {
    const asked = open({ method: "PUT", headers: { Expect: "100-continue", "Content-Length": 5 } });
    asked.flushHeaders();
    await once(asked, "continue");
    expect((await response(asked.end("hello"))).text).toBe("PUT / 1.1 - 5 -");
  });

  test("is refused before it has sent, and does not", async () => {
    handler = () => ({ status: 403, body: "no" });
    const asked = open({ method: "PUT", headers: { Expect: "100-continue", "Content-Length": 5 } });
    asked.flushHeaders();
    const answered = await response(asked);
    expect([answered.statusCode, answered.headers.connection, answered.text]).toEqual([403, "close", "no"]);
    asked.destroy();
  });

  test("gets early hints, and then the answer", async () => {
    handler = (_, connection) => {
      connection.send({ status: 103, headers: { Link: "</a.css>" } });
      return "done";
    };
    const asked = open();
    const hints = once(asked, "information");
    const answered = await response(asked.end());
    expect([(await hints)[0].statusCode, answered.text]).toEqual([103, "done"]);
  });

  test.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ] as const)("%s answered with %i: nothing follows", async (method, status) => {
    handler = () => ({ status, ...(method === "HEAD" && { body: "hello" }) });
    for (let nth = 0; nth < 5; nth++) {
      const answered = await response(open({ method }).end());
      expect([answered.statusCode, answered.text]).toEqual([status, ""]);
    }
    expect(errors).toEqual([]);
  });

  test("is answered before it has sent much, and gets the answer", async () => {
    handler = () => ({ status: 413, body: "too much" });
    const asked = open({ method: "POST", headers: { "Content-Length": 50_000_000 } });
    // It may be reset while it sends on.
    asked.on("error", () => {});
    asked.write(Buffer.alloc(10_000));
    const answered = await response(asked);
    expect([answered.statusCode, answered.text]).toEqual([413, "too much"]);
    asked.destroy();
  });

  test("goes in the middle of an upload: whoever reads it hears of that, and so does the signal", async () => {
    const arrived = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<[unknown, boolean]>();
    handler = async ({ body, signal }) => {
      arrived.resolve();
      const error = await body.bytes().catch((error: unknown) => error);
      outcome.resolve([error, signal.aborted]);
      return undefined;
    };
    const asked = open({ method: "POST" });
    asked.on("error", () => {});
    asked.write("hello");
    await arrived.promise;
    asked.destroy();
    const [error, isAborted] = await outcome.promise;
    expect([error instanceof Error, isAborted]).toEqual([true, true]);
  });

  test("goes in the middle of an answer: its source is let go of, and so is the signal", async () => {
    const ended = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    handler = ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      const body = (async function* () {
        try {
          for (;;) yield Buffer.alloc(50_000);
        } finally {
          ended.resolve();
        }
      })();
      return { body };
    };
    const asked = open().end();
    const [message] = (await once(asked, "response")) as [IncomingMessage];
    await once(message, "readable");
    asked.destroy();
    await Promise.all([ended.promise, aborted.promise]);
  });

  test("never takes a body that broke for a whole one", async () => {
    for (const headers of [{}, { "Content-Length": "1000" }] as Record<string, string>[]) {
      handler = () => ({
        headers,
        body: (async function* () {
          yield "a part";
          throw new Error("half way");
        })(),
      });
      await expect(response(open().end())).rejects.toThrow(/aborted|hang up|reset/i);
    }
  });
});

describe("fetch", () => {
  test("texts, bytes and headers, there and back", async () => {
    const answered = await fetch(`${url}/a?b`, { method: "POST", body: "hello", headers: { "X-A": "c" } });
    expect([await answered.text(), answered.headers.get("content-type")]).toEqual([
      "POST /a?b 1.1 c 5 -",
      "text/plain; charset=utf-8",
    ]);
  });

  test("a stream that is echoed as it comes", async () => {
    handler = ({ body }) => ({ body });
    const sent = randomBytes(1_000_000);
    const body = new Blob([sent]).stream();
    const answered = await fetch(url, { method: "POST", body, duplex: "half" } as RequestInit);
    expect(Buffer.from(await answered.arrayBuffer()).equals(sent)).toBe(true);
  });

  test("an answer that it aborts", async () => {
    const arrived = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    handler = ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      arrived.resolve();
      return undefined;
    };
    const controller = new AbortController();
    const asked = fetch(url, { signal: controller.signal }).catch((error: Error) => error.name);
    await arrived.promise;
    controller.abort();
    expect(await asked).toBe("AbortError");
    await aborted.promise;
  });
});

const curl = process.env.CURL ?? "/usr/bin/curl";
const isThere = existsSync(curl);

if (process.env.CI) {
  test(`curl is at ${curl}`, () => expect(isThere).toBe(true));
} else if (!isThere) {
  console.warn(`!!!! curl was not tested: ${curl} is not there, and $CURL names no other`);
  test.skip(`curl: ${curl} is not there, and $CURL names no other`);
}

describe.runIf(isThere)("curl", () => {
  const folder = mkdtempSync(join(tmpdir(), "sock-curl-"));
  const file = join(folder, "file");
  beforeAll(() => writeFileSync(file, Buffer.alloc(2_000_000, "x")));
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = async (...args: string[]) => {
    const options = { timeout: 15_000, maxBuffer: 2 ** 24, encoding: "latin1" as const };
    const { stdout } = await promisify(execFile)(curl, ["--silent", "--show-error", ...args], options);
    return stdout;
  };

  const rows: [what: string, args: string[], answer: string][] = [
    ["GET", [], "GET /a 1.1 - 0 -"],
    ["--http1.1", ["--http1.1", "-H", "X-A: b"], "GET /a 1.1 b 0 -"],
    ["--http1.0", ["--http1.0"], "GET /a 1.0 - 0 -"],
    [
      "--http1.0 that keeps its connection",
      ["--http1.0", "-H", "Connection: keep-alive"],
      "GET /a 1.0 - 0 -",
    ],
    ["--http2, which asks to upgrade and is not heard", ["--http2"], "GET /a 1.1 - 0 -"],
    ["-d", ["-d", "hello"], "POST /a 1.1 - 5 -"],
    ["-X of its own", ["-X", "PURGE"], "PURGE /a 1.1 - 0 -"],
    ["-F", ["-F", "a=b", "-H", "Expect:"], "POST /a 1.1 -"],
  ];
  test.each(rows)("%s", async (_, args, answer) => {
    expect(await run(...args, `${url}/a`)).toContain(answer);
    expect(errors).toEqual([]);
  });

  test("-T with Expect: it is told to go on, and sends 2 MB", async () => {
    const said = await run("-i", "-T", file, "-H", "Expect: 100-continue", `${url}/a`);
    expect(said).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(said).toContain("PUT /a 1.1 - 2000000 -");
  });

  test("-T, in chunks", async () => {
    const said = await run("-T", file, "-H", "Transfer-Encoding: chunked", "-H", "Expect:", `${url}/a`);
    expect(said).toBe("PUT /a 1.1 - 2000000 -");
  });

  test("-T with Expect that is refused: nothing is sent", async () => {
    handler = () => ({ status: 403, body: "no" });
    const said = await run(
      "-i",
      "-w",
      "%{size_upload}",
      "-T",
      file,
      "-H",
      "Expect: 100-continue",
      `${url}/a`,
    );
    expect(said).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*\r\n\r\nno0$/);
  });

  test("-I", async () => {
    handler = () => "hello";
    expect(await run("-I", `${url}/a`)).toMatch(/\r\nContent-Length: 5\r\n\r\n$/);
  });

  test("several on one connection", async () => {
    const before = server.stats().opened;
    await run(...Array.from({ length: 10 }, (_, nth) => `${url}/${nth}`));
    expect(server.stats().opened - before).toBe(1);
  });

  test("a long answer in chunks, and to HTTP/1.0 until the end", async () => {
    handler = () => ({ body: pieces(100, 10_000) });
    expect((await run(`${url}/a`)).length).toBe(1_000_000);
    expect((await run("--http1.0", `${url}/a`)).length).toBe(1_000_000);
  });

  test("--raw shows chunks as they are", async () => {
    handler = () => ({ body: pieces(1, 3), trailers: { "X-T": "a" } });
    expect(await run("--raw", `${url}/a`)).toBe("3\r\n\0\0\0\r\n0\r\nX-T: a\r\n\r\n");
  });

  test("a body that breaks is an error for it", async () => {
    for (const version of ["--http1.1", "--http1.0"]) {
      handler = () => ({
        body: (async function* () {
          yield "a part";
          throw new Error("half way");
        })(),
      });
      // 18: a part of it came; 52: nothing; 56: it was reset.
      await expect(run(version, `${url}/a`)).rejects.toMatchObject({ code: expect.toBeOneOf([18, 52, 56]) });
    }
  });
});
