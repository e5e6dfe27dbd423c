import { setImmediate as immediate } from "node:timers/promises";
import { Framed, isStream, toBuffer } from "@sock/codec";
import { describe, expect, test } from "vitest";
import {
  type FetchFunction,
  type FetchOptions,
  fetchHandler,
  type HttpAnswer,
  type HttpRequest,
  http,
  type IncomingBody,
} from "../src/index.ts";

type Streaming = HttpRequest<IncomingBody>;

/** Gives a request to the handler, and resolves with what was written when it is over. */
async function ask(
  text: string,
  handler: FetchFunction,
  options?: FetchOptions,
  send: (framed: Framed<Streaming, HttpAnswer>, answer: HttpAnswer) => unknown = (framed, answer) =>
    framed.send(answer),
): Promise<string> {
  const handle = fetchHandler(handler, options);
  let sent = "";
  const writing: Promise<void>[] = [];
  let handling: Promise<void> | undefined;
  const framed = new Framed<Streaming, HttpAnswer>(http({ body: "stream", date: false }), {
    message: (request) => {
      handling = handle({ send: (answer) => send(framed, answer) }, request);
    },
    write(encoded) {
      const pull = async () => {
        if (isStream(encoded)) for await (const piece of encoded) sent += toBuffer(piece).toString("latin1");
        else sent += toBuffer(encoded).toString("latin1");
      };
      writing.push(pull());
    },
    failed() {},
  });
  framed.start();
  framed.receive(Buffer.from(text, "latin1"));
  await handling;
  await Promise.all(writing);
  return sent;
}

const get = (line = "GET / HTTP/1.1", fields = "") => `${line}\r\nHost: example.com\r\n${fields}\r\n`;

/** The request as the handler has it. */
async function seen(text: string, options?: FetchOptions): Promise<Request> {
  let request: Request | undefined;
  await ask(
    text,
    (asked) => {
      request = asked;
      return new Response();
    },
    options,
  );
  if (request === undefined) throw new Error("the handler was not asked");
  return request;
}

/** Says texts, waits, and throws errors. */
function said(...steps: (string | Error | typeof immediate)[]): ReadableStream<Uint8Array> {
  async function* pieces() {
    for (const step of steps) {
      if (typeof step === "string") yield Buffer.from(step);
      else if (step instanceof Error) throw step;
      else await step();
    }
  }
  return ReadableStream.from(pieces());
}

describe("the request", () => {
  const urls: [line: string, url: string, options?: FetchOptions][] = [
    ["GET /a/b?c=d&e HTTP/1.1", "http://example.com/a/b?c=d&e"],
    ["GET http://other.example:8080/a HTTP/1.1", "http://other.example:8080/a"],
    ["GET //evil.example/a HTTP/1.1", "http://example.com//evil.example/a"],
    ["GET /a/../../b HTTP/1.1", "http://example.com/b"],
    ["OPTIONS * HTTP/1.1", "http://example.com/*"],
    ["GET /a HTTP/1.1", "https://www.example/a", { origin: "https://www.example" }],
    ["GET /a HTTP/1.1", "https://example.com/a", { origin: ({ host }) => `https://${host}` }],
  ];
  test.each(urls)("%s is %s", async (line, url, options) => {
    expect((await seen(get(line), options)).url).toBe(url);
  });

  test("of HTTP/1.0 without a host is for localhost", async () => {
    expect((await seen("GET /a HTTP/1.0\r\n\r\n")).url).toBe("http://localhost/a");
  });

  test("has its method and its fields, repeated ones joined, bytes as latin1", async () => {
    const { method, headers } = await seen(
      get("PURGE / HTTP/1.1", "A: 1\r\na: 2\r\nCookie: c=d\r\nB: \xe9\r\n"),
    );
    expect([method, headers.get("a"), headers.get("cookie"), headers.get("b")]).toEqual([
      "PURGE",
      "1, 2",
      "c=d",
      "é",
    ]);
  });

  test("has its body", async () => {
    const texts: string[] = [];
    const read = async (request: Request) => {
      texts.push(await request.text());
      return new Response();
    };
    await ask(`${get("POST / HTTP/1.1", "Content-Length: 5\r\n")}hello`, read);
    await ask(
      `${get("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n")}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`,
      read,
    );
    await ask(get("POST / HTTP/1.1"), read);
    expect(texts).toEqual(["hello", "hello", ""]);
  });

  test("that asks to be told to continue is, when somebody reads", async () => {
    const expecting = `${get("POST / HTTP/1.1", "Content-Length: 5\r\nExpect: 100-continue\r\n")}`;
    const unread = await ask(expecting, () => new Response("no"));
    expect(unread).toMatch(/^HTTP\/1\.1 200 /);
    let isAsked = false;
    const read = ask(`${expecting}hello`, async (request) => {
      isAsked = true;
      return new Response(await request.text());
    });
    expect(isAsked).toBe(true);
    expect(await read).toContain("hello");
  });

  test.each(["CONNECT example.com:443", "TRACE /", "TRACK /"])("%s has no web form: 501", async (line) => {
    const handler = () => Promise.reject(new Error("asked"));
    expect(await ask(get(`${line} HTTP/1.1`), handler)).toMatch(/^HTTP\/1\.1 501 /);
  });

  test("a host that is none to URL is 400", async () => {
    const handler = () => Promise.reject(new Error("asked"));
    const bad = get().replace("example.com", "a%zz");
    expect(await ask(bad, handler)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("the response", () => {
  test("is sent with its status, reason, fields and body", async () => {
    const response = () =>
      new Response("ünïcode", { status: 418, statusText: "Teapot", headers: { "X-A": "b" } });
    expect(await ask(get(), response)).toBe(
      "HTTP/1.1 418 Teapot\r\nContent-Length: 9\r\ncontent-type: text/plain;charset=UTF-8\r\nx-a: b\r\n\r\n" +
        "\xc3\xbcn\xc3\xafcode",
    );
  });

  const bodies: [
    what: string,
    body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    sent: string | RegExp,
  ][] = [
    ["text", "hello", "Content-Length: 5\r\n\r\nhello"],
    ["bytes", new Uint8Array([104, 105]), "Content-Length: 2\r\n\r\nhi"],
    ["a generator that does not wait", said("a", "bc"), "Content-Length: 3\r\n\r\nabc"],
    ["nothing", "", "Content-Length: 0\r\n\r\n"],
    ["what has to be waited for", said("a", immediate, "bc"), "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"],
    [
      "more than is gathered",
      said("x".repeat(65_536), "y"),
      /chunked\r\n\r\n10000\r\nx{65536}\r\n1\r\ny\r\n0\r\n\r\n$/,
    ],
  ];
  test.each(bodies)("of %s is sent whole if it is there, else as it comes", async (_, body, sent) => {
    const response = () => new Response(body, { headers: { "Content-Type": "a/b" } });
    const end = typeof sent === "string" ? new RegExp(`${RegExp.escape(sent)}$`) : sent;
    expect((await ask(get(), response)).replace("content-type: a/b\r\n", "")).toMatch(end);
  });

  test("with a length that was said is sent with that", async () => {
    const response = () => new Response(said(immediate, "hello"), { headers: { "Content-Length": "5" } });
    expect(await ask(get(), response)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  });

  test("that breaks off at once is an error, and later breaks off the answer", async () => {
    const broken = new Error("broken");
    await expect(ask(get(), () => new Response(said("a", broken)))).rejects.toThrow(broken);
    await expect(ask(get(), () => new Response(said("a", immediate, broken)))).rejects.toThrow(broken);
  });

  test("without a body is a response of no bytes, and has none where none may be", async () => {
    expect(await ask(get(), () => new Response(null))).toMatch(/Content-Length: 0\r\n\r\n$/);
    expect(await ask(get(), () => new Response(null, { status: 204 }))).toBe(
      "HTTP/1.1 204 No Content\r\n\r\n",
    );
  });

  test("has each of its cookies on a line of its own", async () => {
    const headers = new Headers([
      ["Set-Cookie", "a=1, 2"],
      ["Vary", "a"],
      ["Set-Cookie", "b=2"],
      ["Vary", "b"],
    ]);
    const sent = await ask(get(), () => new Response(null, { headers }));
    expect(sent).toContain("set-cookie: a=1, 2\r\nset-cookie: b=2\r\nvary: a, b\r\n");
  });

  test("says nothing of the connection: that is the codec's", async () => {
    const headers = { Connection: "keep-alive", "Transfer-Encoding": "chunked", "Keep-Alive": "timeout=5" };
    const sent = await ask(get(), () => new Response("a", { headers }));
    expect(sent).not.toMatch(/keep-alive/i);
    expect(sent).not.toMatch(/transfer-encoding/i);
  });

  test("to HEAD says no length that it does not know", async () => {
    const head = get("HEAD / HTTP/1.1");
    expect(await ask(head, () => new Response(null))).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(await ask(head, () => new Response(null, { headers: { "Content-Length": "7" } }))).toContain(
      "Content-Length: 7\r\n",
    );
    let isCancelled = false;
    const body = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    await ask(head, () => new Response(body));
    expect(isCancelled).toBe(true);
  });

  test("that nobody takes any more is cancelled", async () => {
    let isCancelled = false;
    const body = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    await ask(
      get(),
      () => new Response(body),
      {},
      () => "closed",
    );
    expect(isCancelled).toBe(true);
  });
});

describe("what goes wrong is thrown, and so answered with 500 by the engine", () => {
  test.each([
    ["a handler that throws", () => Promise.reject(new TypeError("oops"))],
    ["one that answers nothing", () => undefined as unknown as Response],
    ["an answer that is an error", () => Response.error()],
    [
      "a body that was read",
      async () => {
        const response = new Response("a");
        await response.text();
        return response;
      },
    ],
  ])("%s", async (_, handler: FetchFunction) => {
    await expect(ask(get(), handler)).rejects.toThrow(Error);
  });
});
