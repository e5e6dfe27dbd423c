import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HttpAnswer, HttpOptions, HttpResponse } from "../src/index.ts";
import { type Answered, field } from "./answers.ts";
import { Served } from "./server.ts";

// What our side says: RFC 9112 6, 9 and RFC 9110 6, 8.6, 15.

interface Asked {
  method?: string;
  version?: string;
  connection?: string;
  options?: HttpOptions;
}

function served({ method = "GET", version = "1.1", connection, options }: Asked = {}): Served {
  const target = method === "CONNECT" ? "x:443" : "/";
  const line = connection === undefined ? "" : `Connection: ${connection}\r\n`;
  return new Served(options).receive(`${method} ${target} HTTP/${version}\r\nHost: x\r\n${line}\r\n`);
}

async function answered(
  answer: HttpAnswer,
  asked: Asked = {},
): Promise<Answered & { isEnded: boolean; sent: string }> {
  const server = served(asked).send(answer);
  while (!server.isIdle) await turn();
  if (server.error !== undefined) throw server.error;
  const [one, ...others] = server.answers(asked.method ?? "GET");
  expect(others).toEqual([]);
  return { ...one!, isEnded: server.isEnded, sent: server.sent };
}

async function* pieces(...parts: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* parts;
}

const length = (one: Answered) => field(one, "content-length");
const connection = (one: Answered) => field(one, "connection");
const coding = (one: Answered) => field(one, "transfer-encoding");

describe("what it looks like", () => {
  test("a text", async () => {
    const { sent } = await answered("hello");
    expect(sent).toBe(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello",
    );
  });

  test("bytes", async () => {
    const { sent } = await answered(Buffer.from("hello"));
    expect(sent).toBe("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  });

  test("nothing", async () => {
    expect((await answered({ status: 404 })).sent).toBe(
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    );
    expect((await answered("")).body).toBe("");
  });

  test("headers as they were said, of an object, of pairs, of a Headers, of a request", async () => {
    const headers = { "X-A": "b", "x-n": 5 };
    expect((await answered({ headers })).fields).toContainEqual(["x-n", "5"]);
    const cookies: [string, string][] = [
      ["Set-Cookie", "a"],
      ["Set-Cookie", "b"],
    ];
    expect((await answered({ headers: cookies })).fields.filter(([name]) => name === "Set-Cookie")).toEqual(
      cookies,
    );
    const web = new Headers({ "X-A": "b" });
    expect((await answered({ headers: web })).fields).toContainEqual(["x-a", "b"]);
    const server = served();
    server.send({ headers: server.request.headers });
    expect(server.sent).toContain("\r\nHost: x\r\n");
  });

  test("names of prototypes are names, and nothing is inherited", async () => {
    const headers = JSON.parse('{"__proto__":"1","constructor":"2"}') as Record<string, string>;
    expect((await answered({ headers })).fields).toEqual(
      expect.arrayContaining([
        ["__proto__", "1"],
        ["constructor", "2"],
      ]),
    );
    const inherited = Object.create({ "X-Inherited": "1" }) as Record<string, string>;
    expect((await answered({ headers: inherited })).sent).not.toContain("X-Inherited");
  });

  test("values of latin1 are sent in latin1, beside a body in UTF-8", async () => {
    const one = await answered({ headers: { "X-A": "é\xff" }, body: "é" });
    expect(one.fields).toContainEqual(["X-A", "é\xff"]);
    expect([one.body, length(one)]).toEqual(["\xc3\xa9", "2"]);
    const { reason } = await answered({ reason: "Très bien" });
    expect(reason).toBe("Très bien");
  });

  test("a text's length is that of its UTF-8, lone surrogates included", async () => {
    for (const body of ["é", "日本", "😀", "\ud800", "a\udc00b"]) {
      const one = await answered(body);
      expect(one.body).toBe(Buffer.from(body).toString("latin1"));
    }
  });

  test("a Date, a type and a length that were said are not said twice", async () => {
    const headers = { date: "then", "content-type": "text/html", "content-length": 5 };
    const one = await answered({ headers, body: "hello" }, { options: { date: true } });
    expect([field(one, "date"), field(one, "content-type"), length(one)]).toEqual(["then", "text/html", "5"]);
  });

  test("a Date is said, in the form of RFC 9110 5.6.7", async () => {
    const date = field(await answered("", { options: { date: true } }), "date") ?? "";
    expect(new Date(date).toUTCString()).toBe(date);
  });
});

describe("where it ends", () => {
  test("a stream is in chunks, none of them empty", async () => {
    const one = await answered({ body: pieces("hel", "", Buffer.alloc(0), "lo", Buffer.from("!")) });
    expect([coding(one), length(one), one.body]).toEqual(["chunked", undefined, "hello!"]);
    expect(one.sent.endsWith("3\r\nhel\r\n2\r\nlo\r\n1\r\n!\r\n0\r\n\r\n")).toBe(true);
  });

  test("an empty stream is the last chunk alone", async () => {
    expect((await answered({ body: pieces() })).sent.endsWith("\r\n\r\n0\r\n\r\n")).toBe(true);
  });

  test("a stream whose length is said is not", async () => {
    const one = await answered({ headers: { "Content-Length": 5 }, body: pieces("hel", "lo") });
    expect([coding(one), length(one), one.body]).toEqual([undefined, "5", "hello"]);
  });

  test("streams of the web and of Node are streams", async () => {
    const web = new Response("hello").body as unknown as AsyncIterable<Uint8Array>;
    expect((await answered({ body: web })).body).toBe("hello");
    expect((await answered({ body: Readable.from(["hel", "lo"]) })).body).toBe("hello");
  });

  test.each(["HEAD", "GET"])("status 204 has none and says no length, to %s", async (method) => {
    const one = await answered({ status: 204 }, { method });
    expect([one.body, length(one), coding(one)]).toEqual(["", undefined, undefined]);
    const { sent } = await answered({ status: 204, body: "dropped" }, { method });
    expect(sent).not.toContain("dropped");
  });

  test("status 304 has none, and may say that of the body it stands for", async () => {
    expect(length(await answered({ status: 304 }))).toBeUndefined();
    const one = await answered({ status: 304, headers: { "Content-Length": 500 } });
    expect([length(one), one.sent.endsWith("\r\n\r\n")]).toEqual(["500", true]);
  });

  test("to HEAD the head is that of GET, and nothing follows it", async () => {
    for (const answer of ["hello", Buffer.from("hello"), { status: 404, body: "hello" }]) {
      const [head, get] = [await answered(answer, { method: "HEAD" }), await answered(answer)];
      expect(head.sent).toBe(get.sent.slice(0, -5));
    }
    const said = await answered({ headers: { "Content-Length": 500 } }, { method: "HEAD" });
    expect(length(said)).toBe("500");
  });

  test("nor does a stream follow, which is let go of", async () => {
    const { body, ended } = watched();
    expect((await answered({ body }, { method: "HEAD" })).sent.endsWith("\r\n\r\n")).toBe(true);
    expect(ended()).toBe(true);
  });

  test("to HTTP/1.0 a stream ends with the connection", async () => {
    const one = await answered({ body: pieces("hel", "lo") }, { version: "1.0", connection: "keep-alive" });
    expect([coding(one), length(one), one.body, one.isEnded, connection(one)]).toEqual([
      undefined,
      undefined,
      "hello",
      true,
      "close",
    ]);
  });

  test("to HTTP/1.0 a stream whose length is said does not", async () => {
    const answer = { headers: { "Content-Length": 5 }, body: pieces("hello") };
    const one = await answered(answer, { version: "1.0", connection: "keep-alive" });
    expect([length(one), one.isEnded, connection(one)]).toEqual(["5", false, "keep-alive"]);
  });

  test("a body that is not sent is let go of, when it is one of Node's", async () => {
    const readable = Readable.from(["a", "b"]);
    await answered({ body: readable }, { method: "HEAD" });
    expect(readable.destroyed).toBe(true);
  });
});

describe("whether it is the last", () => {
  const rows: [
    version: string,
    asked: string | undefined,
    answer: string | undefined,
    said: string | undefined,
    isLast: boolean,
  ][] = [
    ["1.1", undefined, undefined, undefined, false],
    ["1.1", "keep-alive", undefined, undefined, false],
    ["1.1", "close", undefined, "close", true],
    ["1.1", "Close", undefined, "close", true],
    ["1.1", "foo, close , bar", undefined, "close", true],
    ["1.1", "close\t", undefined, "close", true],
    ["1.1", "keep-alive, close", undefined, "close", true],
    ["1.1", "closed", undefined, undefined, false],
    ["1.1", undefined, "close", "close", true],
    ["1.1", undefined, "Close", "close", true],
    ["1.0", undefined, undefined, "close", true],
    ["1.0", "close", undefined, "close", true],
    ["1.0", "keep-alive", undefined, "keep-alive", false],
    ["1.0", "Keep-Alive", undefined, "keep-alive", false],
    ["1.0", "keep-alive, close", undefined, "close", true],
    ["1.0", "keep-alive", "close", "close", true],
    ["1.2", undefined, undefined, undefined, false],
  ];
  test.each(rows)("HTTP/%s, asked %j, said %j: %j, %j", async (version, asked, answer, said, isLast) => {
    const headers = answer === undefined ? {} : { Connection: answer };
    const one = await answered({ headers }, { version, ...(asked !== undefined && { connection: asked }) });
    expect([connection(one), one.isEnded]).toEqual([said, isLast]);
  });

  test("what our side says of the connection beside that is said too, and in one word with it", async () => {
    const other = await answered({ headers: { Connection: "X-Hop" } });
    expect([connection(other), other.isEnded]).toEqual(["X-Hop", false]);
    const both = await answered({ headers: { Connection: "X-Hop, close" } });
    expect([tokens(both), both.isEnded]).toEqual([["close", "x-hop"], true]);
  });

  test("an answer never says both close and keep-alive", async () => {
    const asked = await answered({ headers: { Connection: "keep-alive" } }, { connection: "close" });
    expect([tokens(asked), asked.isEnded]).toEqual([["close"], true]);
    const said = await answered({
      headers: [
        ["Connection", "keep-alive"],
        ["Connection", "close"],
      ],
    });
    expect([tokens(said), said.isEnded]).toEqual([["close"], true]);
  });

  test("other versions are answered in 1.1", async () => {
    expect((await answered("", { version: "1.0" })).version).toBe("1.1");
    expect((await answered("", { version: "1.9" })).version).toBe("1.1");
  });
});

describe("trailers", () => {
  test("follow a body, which is in chunks then", async () => {
    const one = await answered({ body: "hello", trailers: { "X-Sum": "5d41" } });
    expect([coding(one), one.body, one.trailers]).toEqual(["chunked", "hello", [["X-Sum", "5d41"]]]);
  });

  test("may be told when the body has been sent", async () => {
    let size = 0;
    const body = (async function* () {
      for (const piece of ["hel", "lo"]) {
        size += piece.length;
        yield piece;
      }
    })();
    const one = await answered({ body, trailers: () => ({ "X-Size": size }) });
    expect([one.body, one.trailers]).toEqual(["hello", [["X-Size", "5"]]]);
  });

  test("follow no body at all", async () => {
    const one = await answered({ trailers: { "X-A": "b" } });
    expect([one.body, one.trailers]).toEqual(["", [["X-A", "b"]]]);
  });

  test("in latin1", async () => {
    expect((await answered({ trailers: { "X-A": "é" } })).trailers).toEqual([["X-A", "é"]]);
  });

  test("do not go to HTTP/1.0, nor with what has no body", async () => {
    const old = await answered({ body: "hello", trailers: { "X-A": "b" } }, { version: "1.0" });
    expect([coding(old), length(old), old.trailers]).toEqual([undefined, "5", []]);
    expect((await answered({ trailers: { "X-A": "b" } }, { method: "HEAD" })).sent).not.toContain("X-A");
    expect((await answered({ status: 204, trailers: { "X-A": "b" } })).sent).not.toContain("X-A");
  });

  const forbidden = [
    "Content-Length",
    "Transfer-Encoding",
    "Host",
    "Trailer",
    "set-cookie",
    "Authorization",
    "Connection",
  ];
  test.each(forbidden)("%s may not be one", (name) => {
    expect(() => served().send({ body: "", trailers: { [name]: "1" } })).toThrow(TypeError);
  });

  test("a length that was said is checked, though it is not sent", async () => {
    const headers = { "Content-Length": 5 };
    const trailers = { "X-A": "b" };
    expect(() => served().send({ headers, trailers, body: "hell" })).toThrow(TypeError);
    await expect(answered({ headers, trailers, body: pieces("hell") })).rejects.toThrow(RangeError);
    expect((await answered({ headers, trailers, body: pieces("hello") })).body).toBe("hello");
  });
});

describe("what is not final", () => {
  test("another answer follows", () => {
    const server = served();
    server
      .send({ status: 103, headers: { Link: "</a.css>" } })
      .send({ status: 102 })
      .send("hello");
    expect(server.answers().map(({ status }) => status)).toEqual([103, 102, 200]);
    expect(server.sent).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n\r\n/);
  });

  test("it does not end the connection, nor tell a length", () => {
    const server = served().send({ status: 103, headers: { Connection: "close", "Content-Length": 5 } });
    expect(server.sent).toBe("HTTP/1.1 103 Early Hints\r\n\r\n");
    expect(server.send("").isEnded).toBe(false);
  });

  test("it has no body", () => {
    expect(() => served().send({ status: 103, body: "a" })).toThrow(TypeError);
    expect(() => served().send({ status: 101, body: "a" })).toThrow(TypeError);
  });

  test("RFC 9110 15.2: HTTP/1.0 does not get it", () => {
    expect(served({ version: "1.0" }).send({ status: 103 }).sent).toBe("");
  });

  test("101, and 2xx to CONNECT, hand the connection over", () => {
    const upgraded = served().send({ status: 101, headers: { Upgrade: "x", Connection: "Upgrade" } });
    expect(upgraded.sent).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    );
    expect(() => upgraded.send("more")).toThrow(TypeError);
    const tunnel = served({ method: "CONNECT" }).send({ status: 200, headers: { "Content-Length": 5 } });
    expect(tunnel.sent).toBe("HTTP/1.1 200 OK\r\n\r\n");
    const refused = served({ method: "CONNECT" }).send({ status: 403, body: "no" });
    expect(refused.answers("CONNECT")[0]).toMatchObject({ status: 403, body: "no" });
  });
});

describe("what cannot be sent", () => {
  const rows: [what: string, answer: unknown][] = [
    ["no answer", undefined],
    ["null", null],
    ["a number", 5],
    ["a list", ["a"]],
    ["a stream that is no body", pieces("a")],
    ["a body that is a number", { body: 5 }],
    ["a body that is null", { body: null }],
    ["a body that is an object", { body: {} }],
    ["a body that is an array", { body: ["a"] }],
    ["a body that is a promise", { body: Promise.resolve("a") }],
    ["a status of two digits", { status: 99 }],
    ["a status of four", { status: 1000 }],
    ["half a status", { status: 200.5 }],
    ["a status that is text", { status: "200" }],
    ["no number for a status", { status: Number.NaN }],
    ["a reason with a line end", { reason: "OK\r\nX: y" }],
    ["a reason that is no text", { reason: { toString: () => "OK" } }],
    ["a header without a name", { headers: { "": "a" } }],
    ["a header's name with a space", { headers: { "A ": "b" } }],
    ["a header's name with a colon", { headers: { "A:": "b" } }],
    ["a header's value with CR LF", { headers: { A: "b\r\nC: d" } }],
    ["with LF", { headers: { A: "b\nC: d" } }],
    ["with CR", { headers: { A: "b\rC: d" } }],
    ["with NUL", { headers: { A: "\0" } }],
    ["beyond latin1, which would lose its upper byte", { headers: { A: "\u010d\u010aX: y" } }],
    ["a value that is no text", { headers: { A: { toString: () => "b\r\n" } } }],
    ["a value that is an array", { headers: { A: ["b"] } }],
    ["no value", { headers: { A: undefined } }],
    ["a function for a value", { headers: { A: () => "b" } }],
    ["a name that is no text", { headers: [[{ toString: () => "A" }, "b"]] }],
    ["a text for headers", { headers: "A: b" }],
    ["Transfer-Encoding", { headers: { "transfer-encoding": "chunked" } }],
    ["a length that is none", { headers: { "Content-Length": "5, 5" }, body: "hello" }],
    ["a negative length", { headers: { "Content-Length": -1 } }],
    [
      "two lengths",
      {
        headers: [
          ["Content-Length", 5],
          ["Content-Length", 5],
        ],
        body: "hello",
      },
    ],
    ["another length than it has", { headers: { "Content-Length": 4 }, body: "hello" }],
    ["a length without a body", { headers: { "Content-Length": 4 } }],
    ["a trailer with a line end", { body: "", trailers: { A: "b\r\n\r\nHTTP/1.1 200 OK" } }],
  ];
  test.each(rows)("%s is the caller's mistake; another answer can be given", (_, answer) => {
    const server = served();
    expect(() => server.send(answer as HttpAnswer)).toThrow(/.+/);
    expect(server.sent).toBe("");
    expect(server.send("hello").answers()[0]).toMatchObject({ status: 200, body: "hello" });
  });

  test("errors are a TypeError or a RangeError", () => {
    for (const [, answer] of rows) {
      try {
        served().send(answer as HttpAnswer);
      } catch (error) {
        expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
      }
    }
  });
});

describe("a stream that breaks", () => {
  const rows: [what: string, answer: HttpResponse][] = [
    ["by throwing", { body: broken() }],
    ["by throwing, with its length said", { headers: { "Content-Length": 10 }, body: broken() }],
    ["by being longer than was said", { headers: { "Content-Length": 4 }, body: pieces("hel", "lo") }],
    ["by being shorter", { headers: { "Content-Length": 6 }, body: pieces("hel", "lo") }],
    ["by a piece that is none", { body: pieces("hel", 5 as never) }],
    ["by trailers that are none", { body: pieces("hel"), trailers: () => ({ A: "\n" }) }],
  ];
  test.each(rows)("%s: never looks complete, and nothing follows", async (_, answer) => {
    const server = served().send(answer).send("next");
    while (server.error === undefined) await turn();
    const [one, ...others] = server.answers();
    expect([one?.isComplete, others]).toEqual([false, []]);
  });
});

describe("no answer can be split", () => {
  // Everything that has ended a line somewhere, and their halves.
  const nasty = fc.string({
    unit: fc.constantFrom(
      "\r",
      "\n",
      "\0",
      ":",
      " ",
      "\t",
      "a",
      "\u2028",
      "\u010d",
      "\u010a",
      "\x85",
      "\v",
      "\xe9",
    ),
    maxLength: 8,
  });
  const anything = fc.oneof(nasty, fc.string({ unit: "binary" }), fc.integer(), fc.anything());

  test("property: whatever its names, values and reason are, it is refused or stays one answer with those fields", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.constantFrom("A", "X-B", "Set-Cookie"), nasty), anything), {
          maxLength: 4,
        }),
        fc.option(anything, { nil: undefined }),
        fc.array(fc.tuple(fc.constantFrom("A", "X-B"), anything), { maxLength: 2 }),
        (pairs, reason, trailers) => {
          const server = served();
          const answer = { headers: pairs, reason, trailers, body: "hello" } as HttpResponse;
          try {
            server.send(answer);
          } catch {
            expect(server.sent).toBe("");
            return;
          }
          const [one, ...others] = server.answers();
          expect(others).toEqual([]);
          expect(one).toMatchObject({ status: 200, body: "hello", isComplete: true });
          const values = pairs.map(([name, value]) => [name, String(value)]);
          expect(
            one!.fields.filter(([name]) => !["Content-Type", "Transfer-Encoding"].includes(name)),
          ).toEqual(values);
          if (reason !== undefined) expect(one!.reason).toBe(reason);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function watched() {
  let hasEnded = false;
  const body: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: "a" }),
      return: async () => {
        hasEnded = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { body, ended: () => hasEnded };
}

async function* broken(): AsyncGenerator<string> {
  yield "hello";
  throw new Error("half way");
}

function tokens(one: Answered): string[] {
  return one.fields
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(/,\s*/))
    .toSorted();
}
