import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { ProtocolError } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HttpAnswer, HttpRequest, IncomingBody } from "../src/index.ts";
import { Served, streaming } from "./server.ts";

const get = (path: string, ...fields: string[]) => request(`GET ${path} HTTP/1.1`, ...fields);
const post = (path: string, body: string, ...fields: string[]) =>
  `${request(`POST ${path} HTTP/1.1`, `Content-Length: ${body.length}`, ...fields)}${body}`;

function request(line: string, ...fields: string[]): string {
  return `${line}\r\nHost: x\r\n${fields.map((one) => `${one}\r\n`).join("")}\r\n`;
}

const CHUNKED = "Transfer-Encoding: chunked";
const EXPECT = "Expect: 100-continue";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

const paths = (served: Served | Served<IncomingBody>) => served.requests.map(({ path }) => path);

/** What is sent, and what is sent when it is told to. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((resolved) => {
    resolve = resolved;
  });
  return { promise, resolve };
}

async function* pieces(...parts: string[]): AsyncGenerator<string> {
  for (const part of parts) {
    await turn();
    yield part;
  }
}

async function settled(served: Served | Served<IncomingBody>): Promise<void> {
  do await turn();
  while (!served.isIdle);
}

describe("one request after the other", () => {
  test("the connection is kept between them", () => {
    const served = new Served();
    for (const path of ["/1", "/2", "/3"]) served.receive(get(path)).send(path);
    expect(served.answers().map(({ body }) => body)).toEqual(["/1", "/2", "/3"]);
    expect(served.isEnded).toBe(false);
  });

  test("those that were sent ahead wait for the answers to those before them", () => {
    const served = new Served().receive(get("/1") + post("/2", "hello") + get("/3"));
    expect(paths(served)).toEqual(["/1"]);
    served.send("1");
    expect(paths(served)).toEqual(["/1", "/2"]);
    served.send("2");
    expect(paths(served)).toEqual(["/1", "/2", "/3"]);
  });

  test("an answer that comes late is still the answer to its request", async () => {
    const answers = new Map(["/1", "/2", "/3"].map((path) => [path, deferred<HttpAnswer>()]));
    const served = new Served();
    served.onRequest = async ({ path }) => void served.send(await answers.get(path)!.promise);
    served.receive(get("/1") + get("/2") + get("/3"));
    for (const path of ["/3", "/2", "/1"]) {
      answers.get(path)!.resolve(path);
      await turn();
      expect(served.answers().length).toBe(path === "/1" ? 3 : 0);
    }
    expect(served.answers().map(({ body }) => body)).toEqual(["/1", "/2", "/3"]);
  });

  test("nothing behind a request that is the last is looked at", () => {
    const served = new Served().receive(get("/1", "Connection: close") + get("/2")).send("1");
    expect([paths(served), served.isEnded, served.answers().length]).toEqual([["/1"], true, 1]);
    served.receive(get("/3"), "rubbish\n");
    expect([paths(served), served.error]).toEqual([["/1"], undefined]);
  });

  test("nor behind an answer that is", () => {
    const served = new Served().receive(get("/1") + get("/2")).send({ headers: { Connection: "close" } });
    expect([paths(served), served.isEnded, served.framed.codec.closing]).toEqual([["/1"], true, true]);
  });

  test("an empty line between them is left out, RFC 9112 2.2", () => {
    const served = new Served()
      .receive(`${post("/1", "a")}\r\n${get("/2")}`)
      .send("1")
      .send("2");
    expect(paths(served)).toEqual(["/1", "/2"]);
  });

  test("there is one answer to each", () => {
    const served = new Served();
    expect(() => served.send("early")).toThrow(TypeError);
    served.receive(get("/1")).send("1");
    expect(() => served.send("again")).toThrow(TypeError);
    expect(() => served.send({ status: 103 })).toThrow(TypeError);
    expect(served.answers().length).toBe(1);
  });

  test("a request that was not delivered yet cannot be answered", () => {
    const served = new Served().receive(request("POST / HTTP/1.1", "Content-Length: 5"), "hel");
    expect(() => served.send("early")).toThrow(TypeError);
    served.receive("lo").send("hello");
    expect(served.answers().map(({ body }) => body)).toEqual(["hello"]);
    served.receive(get("/2")).send("2");
    expect(served.statuses).toEqual([200, 200]);
  });

  test("property: any mix of requests, in any pieces, answered at any time, has its answers in order", async () => {
    const one = fc.record({
      kind: fc.constantFrom("get", "head", "post", "chunked", "old"),
      size: fc.integer({ min: 0, max: 40 }),
      isStreamed: fc.boolean(),
      turns: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { maxLength: 6 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        async (mix, size, isStreaming) => {
          const served = isStreaming ? streaming() : (new Served() as unknown as Served<IncomingBody>);
          served.onRequest = async ({ path, body }) => {
            const { isStreamed, turns } = mix[Number(path.slice(1))]!;
            for (let nth = 0; nth < turns; nth++) await turn();
            const got = isStreaming ? await body.text() : String(body);
            served.send(isStreamed ? { body: pieces(`${path} `, got) } : `${path} ${got}`);
          };
          const stream = Buffer.from(mix.map((what, nth) => bytesOf(what, nth)).join(""));
          for (let at = 0; at < stream.length; at += size) {
            served.receive(stream.subarray(at, at + size));
            if (at % 3 === 0) await turn();
          }
          for (let nth = 0; nth < 100 && served.requests.length < mix.length; nth++) await turn();
          for (let nth = 0; nth < 20; nth++) await turn();
          const methods = mix.map(({ kind }) => (kind === "head" ? "HEAD" : "GET"));
          const expected = mix.map(({ kind, size }, nth) => {
            const hasBody = kind === "post" || kind === "chunked";
            return kind === "head" ? "" : `/${nth} ${hasBody ? "b".repeat(size) : ""}`;
          });
          expect(served.answers(...methods).map(({ body }) => body)).toEqual(expected);
          expect([served.error, served.isEnded]).toEqual([undefined, false]);
        },
      ),
      { numRuns: 200 },
    );
  });

  function bytesOf({ kind, size }: { kind: string; size: number }, nth: number): string {
    const body = "b".repeat(size);
    if (kind === "get") return get(`/${nth}`);
    if (kind === "head") return request(`HEAD /${nth} HTTP/1.1`);
    if (kind === "post") return post(`/${nth}`, body);
    // One that says its length may be streamed to HTTP/1.0 without closing, others may not.
    if (kind === "old") return get(`/${nth}`);
    const chunks = [...body].map((byte) => `1\r\n${byte}\r\n`).join("");
    return `${request(`POST /${nth} HTTP/1.1`, CHUNKED)}${chunks}0\r\n\r\n`;
  }
});

describe("Expect: 100-continue, RFC 9110 10.1.1", () => {
  test("a body that is wanted whole is asked for when its size is known to be right", () => {
    const served = new Served().receive(request("POST / HTTP/1.1", "Content-Length: 5", EXPECT));
    expect(served.sent).toBe(CONTINUE);
    served.receive("hello").send("ok");
    expect([served.request.body.toString(), served.answers().map(({ status }) => status)]).toEqual([
      "hello",
      [100, 200],
    ]);
  });

  test("one that is too large is not", () => {
    const served = new Served({ maxBodySize: 4 }).receive(
      request("POST / HTTP/1.1", "Content-Length: 5", EXPECT),
    );
    expect(served.statuses).toEqual([413]);
  });

  test("one that is read as it comes is asked for when it is read", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 5", EXPECT));
    await turn();
    expect(served.sent).toBe("");
    const text = served.request.body.text();
    expect(served.sent).toBe(CONTINUE);
    served.receive("hello");
    expect(await text).toBe("hello");
    expect(served.send("ok").sent.match(/100 Continue/g)?.length).toBe(1);
  });

  test("one that was sent without waiting is not asked for", async () => {
    const served = streaming().receive(post("/", "hello", EXPECT));
    expect(await served.request.body.text()).toBe("hello");
    expect(served.sent).toBe("");
  });

  test("where nothing will come, nothing is asked for", async () => {
    const served = streaming().receive(get("/", EXPECT));
    expect(await served.request.body.text()).toBe("");
    expect(served.sent).toBe("");
    expect(new Served().receive(post("/", "", EXPECT)).sent).toBe("");
  });

  test("an answer without having asked is the last: the body may come or not", () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 5", EXPECT));
    served.send({ status: 403 });
    expect(served.sent).toMatch(/^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\n/);
    expect(served.isEnded).toBe(true);
  });

  test("an answer of the request's own body asks for it, before the answer's head", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 5", EXPECT));
    served.send({ body: served.request.body }).receive("hello");
    await settled(served);
    expect(served.answers().map(({ status, body }) => [status, body])).toEqual([
      [100, ""],
      [200, "hello"],
    ]);
    expect(served.isEnded).toBe(false);
  });

  test("it is not for HTTP/1.0", () => {
    const served = new Served().receive(request("POST / HTTP/1.0", "Content-Length: 5", EXPECT));
    expect(served.sent).toBe("");
  });

  test("words have no case", () => {
    const served = new Served().receive(
      request("POST / HTTP/1.1", "Content-Length: 5", "expect: 100-Continue"),
    );
    expect(served.sent).toBe(CONTINUE);
  });

  test.each(["200-ok", "100-continue, 200-ok", "100-continue;a", ""])("%j is refused: 417", (expectation) => {
    const served = new Served().receive(post("/", "hello", `Expect: ${expectation}`) + get("/2"));
    expect([served.statuses, served.code, served.requests]).toEqual([[417], "HTTP_EXPECTATION", []]);
  });
});

describe("answers before the body has come", () => {
  test("little that is missing is read and thrown away, and the connection goes on", () => {
    const served = streaming({ maxUnreadBody: 5 }).receive(
      request("POST / HTTP/1.1", "Content-Length: 6"),
      "h",
    );
    served
      .send("early")
      .receive(`ello!${get("/2")}`)
      .send("2");
    expect([served.statuses, paths(served)]).toEqual([
      [200, 200],
      ["/", "/2"],
    ]);
  });

  test("with more missing it is closed behind the answer, which says so", () => {
    const served = streaming({ maxUnreadBody: 5 }).receive(request("POST / HTTP/1.1", "Content-Length: 6"));
    served.send("early").receive(`hello!${get("/2")}`);
    expect(served.sent).toContain("\r\nConnection: close\r\n");
    expect([served.isEnded, paths(served)]).toEqual([true, ["/"]]);
  });

  test("of chunks nobody knows how many are missing: closed", () => {
    const served = streaming().receive(request("POST / HTTP/1.1", CHUNKED)).send("early");
    expect([served.isEnded, served.answers()[0]?.fields]).toEqual([
      true,
      expect.arrayContaining([["Connection", "close"]]),
    ]);
  });

  test("whoever reads may answer meanwhile, and reads on", async () => {
    const served = streaming({ maxUnreadBody: 0 }).receive(request("POST / HTTP/1.1", CHUNKED));
    const text = served.request.body.text();
    served.send("early").receive("5\r\nhello\r\n");
    await turn();
    expect(served.isEnded).toBe(false);
    served.receive(`0\r\n\r\n${get("/2")}`).send("2");
    expect([await text, served.statuses]).toEqual(["hello", [200, 200]]);
  });

  test("whoever stops reading then has it closed", async () => {
    const served = streaming({ maxUnreadBody: 0 }).receive(request("POST / HTTP/1.1", CHUNKED));
    const reader = served.request.body[Symbol.asyncIterator]();
    served.send("early").receive("5\r\nhello\r\n");
    await reader.next();
    await reader.return();
    expect(served.isEnded).toBe(true);
  });

  test("nothing is kept of what is thrown away", () => {
    const served = streaming({ maxUnreadBody: 1_000_000 }).receive(
      request("POST / HTTP/1.1", "Content-Length: 1000000"),
    );
    served.send("early");
    for (let nth = 0; nth < 999; nth++) {
      served.receive(Buffer.alloc(1000));
      expect(served.framed.retained).toBeLessThan(2000);
    }
    served.receive(Buffer.alloc(1000), get("/2"));
    expect(paths(served)).toEqual(["/", "/2"]);
  });

  test("a body that breaks behind its answer breaks the connection, and nothing is said into it", () => {
    const served = streaming().receive(request("POST / HTTP/1.1", CHUNKED));
    void served.request.body.text().catch(() => {});
    served.send("early").receive("rubbish\r\n");
    expect([served.statuses, served.code]).toEqual([[200], "HTTP_CHUNK"]);
  });

  test("nor when the client ends in the middle of it", () => {
    for (const body of ["read", "left"]) {
      const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 9"), "hello");
      if (body === "read") void served.request.body.text().catch(() => {});
      served.send("early").finish();
      expect([served.statuses, served.code]).toEqual([[200], "UNEXPECTED_END"]);
    }
  });

  test("nor into an answer that is under way", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 9"), "hello");
    served.send({ body: served.request.body });
    await turn();
    served.finish();
    await settled(served);
    const [answer, ...others] = served.answers();
    expect([answer?.isComplete, others, served.sent.includes("400")]).toEqual([false, [], false]);
  });

  test("a client that ends behind an answer that was the last is no error", () => {
    const served = streaming().receive(request("POST / HTTP/1.1", CHUNKED)).send("early").finish();
    expect([served.error, served.statuses]).toEqual([undefined, [200]]);
  });
});

describe("a body that is read as it comes", () => {
  test("is there when the head is", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 10"));
    expect(paths(served)).toEqual(["/"]);
    const text = served.request.body.text();
    served.receive("hello").receive("world");
    expect(await text).toBe("helloworld");
  });

  test("holds the peer back when nobody reads, and lets it go on when somebody does", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 1000000"));
    for (let nth = 0; nth < 14; nth++) served.receive(Buffer.alloc(10_000));
    expect([served.framed.isBlocked, served.phases.at(-1)]).toEqual([true, "answer"]);
    const size = (async () => {
      let size = 0;
      for await (const piece of served.request.body) size += piece.length;
      return size;
    })();
    await turn();
    expect([served.framed.isBlocked, served.phases.at(-1)]).toEqual([false, "body"]);
    for (let nth = 0; nth < 86; nth++) served.receive(Buffer.alloc(10_000));
    expect(await size).toBe(1_000_000);
  });

  test("the request behind it waits for its end and for the answer, in either order", async () => {
    const stream = `${post("/1", "hello")}${get("/2")}`;
    const first = streaming().receive(stream);
    expect(paths(first)).toEqual(["/1"]);
    first.send("1");
    expect(paths(first)).toEqual(["/1", "/2"]);
    const other = streaming().receive(stream.slice(0, -30)).send("1");
    expect(paths(other)).toEqual(["/1"]);
    other.receive(stream.slice(-30));
    expect(paths(other)).toEqual(["/1", "/2"]);
  });

  test("has its trailers when it has been read", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", CHUNKED), "1\r\na\r\n");
    const text = served.request.body.text();
    expect(served.request.body.trailers).toBeUndefined();
    served.receive("0\r\nA: b\r\n\r\n");
    await text;
    expect([served.request.body.trailers?.get("a"), served.request.trailers?.get("a")]).toEqual(["b", "b"]);
  });

  const breaks: [what: string, code: string, how: (served: Served<IncomingBody>) => void][] = [
    ["bytes that are wrong", "HTTP_CHUNK", (served) => served.receive("rubbish\r\n")],
    ["the peer's end", "UNEXPECTED_END", (served) => served.finish()],
    ["an end without a word", "ABORTED", (served) => served.framed.closed()],
    [
      "a reset",
      "ABORTED",
      (served) => served.framed.closed(Object.assign(new Error(), { code: "ECONNRESET" })),
    ],
    ["a deadline", "ABORTED", (served) => served.farewell({ why: "deadline", phase: "body" })],
    ["our stop", "ABORTED", (served) => served.farewell({ why: "stop" })],
  ];
  test.each(breaks)("breaks off with %s: %s", async (_, code, how) => {
    const served = streaming().receive(request("POST / HTTP/1.1", CHUNKED), "5\r\nhello\r\n");
    const { body } = served.request;
    expect((await body.next()).value?.toString()).toBe("hello");
    const next = body.next();
    how(served);
    await expect(next).rejects.toMatchObject({ code });
  });

  test("breaks off by the network: its error is the cause", async () => {
    const served = streaming().receive(request("POST / HTTP/1.1", CHUNKED));
    const bytes = served.request.body.bytes();
    const reset = new Error("ECONNRESET");
    served.framed.closed(reset);
    const error = await bytes.catch((error: unknown) => error);
    expect([ProtocolError.is(error), (error as Error).cause]).toEqual([true, reset]);
  });
});

describe("streamed answers", () => {
  test("are never mixed with the next", async () => {
    const served = new Served();
    served.onRequest = ({ path }) => void served.send({ body: pieces(path, path, path) });
    served.receive(get("/1") + get("/2") + get("/3"));
    while (served.requests.length < 3 || !served.isIdle) await turn();
    expect(served.answers().map(({ body }) => body)).toEqual(["/1/1/1", "/2/2/2", "/3/3/3"]);
  });

  test("may be long in coming; nothing behind is looked at meanwhile", async () => {
    const gate = deferred<void>();
    const served = new Served().receive(get("/1") + get("/2"));
    const body = (async function* () {
      yield "a";
      await gate.promise;
      yield "b";
    })();
    served.send({ body });
    await turn();
    expect([paths(served), served.answers()[0]?.isComplete]).toEqual([["/1"], false]);
    gate.resolve();
    await settled(served);
    expect([paths(served), served.answers()[0]?.body]).toEqual([["/1", "/2"], "ab"]);
  });

  test("one that throws breaks the connection, and no request is answered any more", async () => {
    const served = new Served().receive(get("/1") + get("/2"));
    const body = (async function* () {
      yield "a";
      throw new Error("half way");
    })();
    served.send({ body });
    while (served.error === undefined) await turn();
    const answers = served.answers();
    expect([answers.length, answers[0]?.isComplete, paths(served)]).toEqual([1, false, ["/1"]]);
  });

  const moments: [when: string, turns: number][] = [
    ["before its first piece was asked for", 0],
    ["while its first piece is waited for", 1],
  ];
  test.each(moments)("one of Node's is closed when the connection is, %s", async (_, turns) => {
    const readable = new Readable({ read() {} });
    const served = new Served().receive(get("/")).send({ body: readable });
    for (let nth = 0; nth < turns; nth++) await turn();
    served.framed.closed();
    await turn();
    expect(readable.destroyed).toBe(true);
  });

  test("one that was sent whole is closed by itself, and no other when its connection is", async () => {
    let closings = 0;
    const body = Object.assign(pieces("a"), { destroy: () => closings++ });
    const served = new Served().receive(get("/")).send({ body: body as AsyncIterable<string> });
    await settled(served);
    served.framed.closed();
    expect([served.answers()[0]?.body, closings]).toEqual(["a", 0]);
  });
});

describe("our side wants to end", () => {
  const moments: [
    when: string,
    bytes: string,
    stop: number[],
    deadline: number[],
    drainIsAnswered: boolean,
  ][] = [
    ["before anything came", "", [], [], false],
    ["within a head", "GET /", [503], [408], true],
    ["within a body", request("POST / HTTP/1.1", "Content-Length: 5"), [503], [408], true],
    ["while a request waits for its answer", get("/"), [503], [408], true],
  ];
  test.each(moments)("%s: a stop is 503, a deadline 408", (_, bytes, stop, deadline) => {
    const stopped = new Served().receive(bytes).farewell({ why: "stop" });
    expect([stopped.statuses, stopped.isEnded]).toEqual([stop, true]);
    const late = new Served().receive(bytes).farewell({ why: "deadline", phase: "head" });
    expect([late.statuses, late.isEnded]).toEqual([deadline, true]);
    const full = new Served().receive(bytes).farewell({ why: "limit", what: "memory", limit: 1 });
    expect([full.statuses, full.isEnded]).toEqual([stop, true]);
    const closed = new Served().receive(bytes).farewell({ why: "close" });
    expect([closed.statuses, closed.isEnded]).toEqual([[], true]);
  });

  test("between requests nothing is said: it would be taken for the next answer", () => {
    for (const why of ["stop", "deadline", "close"] as const) {
      const served = new Served().receive(get("/")).send("ok");
      served.farewell(why === "deadline" ? { why, phase: "keep-alive" } : { why });
      expect([served.statuses, served.isEnded]).toEqual([[200], true]);
    }
  });

  test("a second goodbye says nothing", () => {
    const served = new Served().receive("GET /").farewell({ why: "stop" });
    served.farewell({ why: "deadline", phase: "head" }).farewell({ why: "fault", error: 0 });
    expect(served.statuses).toEqual([503]);
  });

  test("every such answer is the last and says so", () => {
    const served = new Served().receive(get("/")).farewell({ why: "stop" });
    expect(served.sent).toContain("\r\nConnection: close\r\n");
    expect([served.framed.codec.closing, served.send("late").statuses]).toEqual([true, [503]]);
    served.receive(get("/2"));
    expect(paths(served)).toEqual(["/"]);
  });

  test("to HEAD too, without a body", () => {
    const served = new Served().receive(request("HEAD / HTTP/1.1")).farewell({ why: "fault", error: 0 });
    expect(served.sent.endsWith("\r\n\r\n")).toBe(true);
  });

  test("a handler that threw: 500, if nothing was said yet", async () => {
    const unanswered = new Served().receive(get("/")).farewell({ why: "fault", error: new Error() });
    expect([unanswered.statuses, unanswered.isEnded]).toEqual([[500], true]);
    const answered = new Served().receive(get("/")).send("ok").farewell({ why: "fault", error: new Error() });
    expect([answered.statuses, answered.isEnded]).toEqual([[200], true]);
  });

  test("early hints are nothing yet", () => {
    const served = new Served().receive(get("/")).send({ status: 103 }).farewell({ why: "fault", error: 0 });
    expect(served.answers().map(({ status }) => status)).toEqual([103, 500]);
  });

  test("nothing is said into a connection that was handed over", () => {
    const served = new Served().receive(get("/", "Connection: Upgrade", "Upgrade: x"));
    served.send({ status: 101, headers: { Connection: "Upgrade", Upgrade: "x" } });
    const { sent } = served;
    expect(served.farewell({ why: "stop" }).sent).toBe(sent);
  });

  test("a drain lets the request under way be answered, as the last", () => {
    const served = new Served().receive(get("/")).farewell({ why: "drain" });
    expect([served.isEnded, served.sent]).toEqual([false, ""]);
    served.send("ok");
    expect(served.sent).toContain("\r\nConnection: close\r\n");
    expect([served.statuses, served.isEnded]).toEqual([[200], true]);
  });

  test("or one that is coming", () => {
    const served = new Served().receive("GET / HT").farewell({ why: "drain" });
    served.receive("TP/1.1\r\nHost: x\r\n\r\n").send("ok");
    expect([served.statuses, served.isEnded]).toEqual([[200], true]);
  });

  test("an idle connection is given a second for one more", () => {
    const served = new Served({ drainTimeout: 1000 }).receive(get("/")).send("ok").farewell({ why: "drain" });
    expect([served.isEnded, served.limits["keep-alive"]]).toEqual([false, { within: 1000, quiet: true }]);
    served.receive(get("/2")).send("2");
    expect([served.statuses, served.isEnded]).toEqual([[200, 200], true]);
  });

  test("a body that is coming for an answer that is out is not waited for by a stop", () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 9")).send("early");
    expect([served.farewell({ why: "stop" }).statuses, served.isEnded]).toEqual([[200], true]);
  });
});

describe("the client leaves", () => {
  test("ends its side behind its request: it is answered, and then our side ends", () => {
    const served = new Served().receive(get("/")).finish();
    expect([served.request.signal.aborted, served.isEnded]).toEqual([true, false]);
    served.send("ok");
    expect([served.statuses, served.isEnded]).toEqual([[200], true]);
  });

  test("behind several requests: all are answered", () => {
    const served = new Served().receive(get("/1") + get("/2")).finish();
    served.send("1").send("2");
    expect([served.statuses, served.isEnded]).toEqual([[200, 200], true]);
  });

  test("between requests: our side ends", () => {
    expect(new Served().finish()).toMatchObject({ isEnded: true, sent: "" });
    expect(new Served().receive(get("/")).send("ok").finish()).toMatchObject({ isEnded: true });
  });

  test.each([
    "GET /",
    request("POST / HTTP/1.1", "Content-Length: 5"),
    `${request("POST / HTTP/1.1", CHUNKED)}5\r\n`,
  ])("within a request: 400", (bytes) => {
    const served = new Served().receive(bytes).finish();
    expect([served.statuses, served.code, served.requests]).toEqual([[400], "UNEXPECTED_END", []]);
  });

  const ways: [how: string, leave: (served: Served) => void][] = [
    ["ends its side", (served) => served.finish()],
    ["is gone", (served) => served.framed.closed()],
    ["is reset", (served) => served.framed.closed(new Error("ECONNRESET"))],
  ];
  test.each(ways)("%s before the answer is out: the signal of the request is aborted", async (_, leave) => {
    const waiting = new Served().receive(get("/"));
    const { signal } = waiting.request;
    expect(signal.aborted).toBe(false);
    leave(waiting);
    expect(signal.aborted).toBe(true);

    const asksLater = new Served().receive(get("/"));
    leave(asksLater);
    expect(asksLater.request.signal.aborted).toBe(true);

    const midway = new Served().receive(get("/")).send({ body: pieces("a", "b", "c") });
    leave(midway);
    expect(midway.request.signal.aborted).toBe(true);
  });

  test.each(ways)("%s behind the answer: it is not", (_, leave) => {
    const served = new Served().receive(get("/")).send("ok");
    leave(served);
    expect(served.request.signal.aborted).toBe(false);
  });

  test("a reset aborts also what might have been another protocol, as curl asks for with --http2", () => {
    const served = new Served().receive(get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"));
    served.framed.closed(new Error("ECONNRESET"));
    expect(served.request.signal.aborted).toBe(true);
  });

  test("one signal for each request", () => {
    const served = new Served().receive(get("/1") + get("/2")).send("1");
    const [first, second] = served.requests as [HttpRequest, HttpRequest];
    served.framed.closed();
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
  });
});

describe("phases", () => {
  test("a head, a body, an answer, and the wait for the next", () => {
    const served = new Served();
    served.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "hello").send("ok");
    expect(served.phases).toEqual(["head", "body", "answer", "keep-alive"]);
    served.receive("G").receive("ET / HTTP/1.1\r\n").receive("Host: x\r\n\r\n");
    expect(served.phases.slice(4)).toEqual(["head", "answer"]);
  });

  test("those of limits have them", () => {
    const served = new Served({
      headTimeout: 1,
      bodyTimeout: 2,
      minBodyRate: 3,
      keepAliveTimeout: 4,
    })
      .receive(post("/", "hello"))
      .send("ok");
    expect(served.limits).toEqual({
      head: { within: 1 },
      body: { within: 2, bytesPerSecond: 3 },
      answer: {},
      "keep-alive": { within: 4, quiet: true },
    });
  });

  test("a head that drips has one deadline, from its first byte on", () => {
    const served = new Served().receive(get("/")).send("ok");
    served.phases.length = 0;
    served.drip(get("/2", "A: b", "C: d"));
    expect(served.phases).toEqual(["head", "answer"]);
  });
});

describe("memory", () => {
  test("an idle connection keeps nothing", () => {
    const served = new Served().receive(post("/", "hello")).send("ok");
    expect([served.framed.retained, served.framed.codec.retained]).toEqual([0, 0]);
  });

  test("a whole body is counted while it comes", () => {
    const chunk = `3e8\r\n${"x".repeat(1000)}\r\n`;
    const served = new Served().receive(request("POST / HTTP/1.1", CHUNKED));
    for (let nth = 0; nth < 10; nth++) served.receive(chunk);
    expect(served.framed.codec.retained).toBeGreaterThanOrEqual(10_000);
    expect(served.framed.codec.retained).toBeLessThan(40_000);
    served.receive("0\r\n\r\n");
    expect([served.request.body.length, served.framed.codec.retained]).toEqual([10_000, 0]);
  });

  test("and so is one that nobody reads", () => {
    const served = streaming().receive(request("POST / HTTP/1.1", "Content-Length: 50000"));
    served.receive(Buffer.alloc(40_000));
    expect(served.framed.codec.retained).toBeGreaterThanOrEqual(40_000);
  });
});

describe("refusals", () => {
  test("to HEAD have no body, RFC 9110 9.3.2", () => {
    const wrong = [
      request("HEAD a HTTP/1.1"),
      request("HEAD / HTTP/1.1", "Host: y"),
      request("HEAD / HTTP/1.1", "Content-Length: +5"),
      request("HEAD / HTTP/1.1", "Content-Length: 99999999999"),
      request("HEAD / HTTP/1.1", "Expect: x"),
    ];
    for (const bytes of wrong) {
      const served = new Served().receive(bytes);
      expect(served.sent).toMatch(/^HTTP\/1\.1 4\d\d [A-Z][\s\S]*\r\n\r\n$/);
    }
  });
});
