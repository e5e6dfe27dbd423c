import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import {
  type HttpClientOptions,
  type HttpQuestion,
  httpClient,
  type IncomingBody,
  type StreamedBody,
} from "../src/index.ts";
import { ClientEnd, later } from "./client-end.ts";

const client = (options: HttpClientOptions<"buffer"> = {}) =>
  new ClientEnd(httpClient({ host: "example.com", ...options }));

const streaming = (options: Omit<HttpClientOptions<"stream">, "body"> = {}) =>
  new ClientEnd<IncomingBody>(httpClient({ host: "example.com", ...options, body: "stream" }));

const sentFor = (question: HttpQuestion) => client().send(question).sent;

/** A stream of the pieces, each of which comes later. */
async function* pieces(...all: string[]): AsyncGenerator<string> {
  for (const piece of all) {
    await later();
    yield piece;
  }
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NEXT = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext";
const LAST = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast";

describe("what a request looks like", () => {
  const rows: [what: string, question: HttpQuestion, bytes: string][] = [
    ["a target is a GET of it", "/a?b=c", "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n"],
    [
      "a text says its type and its length in bytes",
      { method: "POST", target: "/", body: "grüß" },
      "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n\r\ngr\xc3\xbc\xc3\x9f",
    ],
    [
      "unless it is told its type",
      { method: "POST", target: "/", headers: { "content-type": "application/json" }, body: "{}" },
      "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\ncontent-type: application/json\r\n\r\n{}",
    ],
    [
      "bytes have no type",
      { method: "PUT", target: "/", body: Buffer.of(1, 2) },
      "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\n\x01\x02",
    ],
    [
      "a POST without a body says so",
      { method: "POST", target: "/" },
      "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "other methods do not",
      { method: "DELETE", target: "/" },
      "DELETE / HTTP/1.1\r\nHost: example.com\r\n\r\n",
    ],
    [
      "trailers make chunks of it",
      {
        method: "POST",
        target: "/",
        headers: { "X-A": 1 },
        body: Buffer.from("hello"),
        trailers: { "X-B": 2 },
      },
      "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n5\r\nhello\r\n0\r\nX-B: 2\r\n\r\n",
    ],
    [
      "names may repeat, and their order stays",
      {
        target: "/",
        headers: [
          ["A", "1"],
          ["B", "2"],
          ["A", "3"],
        ],
      },
      "GET / HTTP/1.1\r\nHost: example.com\r\nA: 1\r\nB: 2\r\nA: 3\r\n\r\n",
    ],
    [
      "a Host that is given is that",
      { target: "/", headers: { Host: "other:8080" } },
      "GET / HTTP/1.1\r\nHost: other:8080\r\n\r\n",
    ],
    [
      "a whole address is its own host",
      "http://origin:81/a?b",
      "GET http://origin:81/a?b HTTP/1.1\r\nHost: origin:81\r\n\r\n",
    ],
    [
      "OPTIONS may be for the server itself",
      { method: "OPTIONS", target: "*" },
      "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n",
    ],
    [
      "CONNECT is for a host and a port",
      { method: "CONNECT", target: "a:1" },
      "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    ],
    [
      "values are sent in latin1",
      { target: "/", headers: { A: "\xe9" } },
      "GET / HTTP/1.1\r\nHost: example.com\r\nA: \xe9\r\n\r\n",
    ],
    [
      "Connection: close stands once",
      { target: "/", headers: { Connection: "close" } },
      "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n",
    ],
  ];
  test.each(rows)("%s", (_, question, bytes) => {
    expect(sentFor(question)).toBe(bytes);
  });

  test("a stream goes in chunks, and trailers may be told at its end", async () => {
    const end = client();
    let size = 0;
    const body = (async function* () {
      for await (const piece of pieces("ab", "", "c")) {
        size += piece.length;
        yield piece;
      }
    })();
    end.send({ method: "POST", target: "/", body, trailers: () => ({ Size: size }) });
    for (let turn = 0; turn < 6; turn++) await later();
    expect(end.sent).toBe(
      "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nSize: 3\r\n\r\n",
    );
  });

  test("a stream of a length that is told goes as it is", async () => {
    const end = client();
    end.send({ method: "POST", target: "/", headers: { "Content-Length": 3 }, body: pieces("ab", "c") });
    for (let turn = 0; turn < 5; turn++) await later();
    expect(end.sent).toBe("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\nabc");
  });

  test.each([
    ["more", ["ab", "cd"]],
    ["less", ["ab"]],
  ])("one that is %s than it said breaks the connection", async (_, all) => {
    const end = client();
    end.send({ method: "POST", target: "/", headers: { "Content-Length": 3 }, body: pieces(...all) });
    for (let turn = 0; turn < 5; turn++) await later();
    expect(end.errors).toEqual([expect.any(RangeError)]);
  });
});

describe("what cannot be sent is refused at the call, and the connection goes on", () => {
  const rows: [what: string, question: unknown][] = [
    ["a method with a line end", { method: "GET / HTTP/1.1\r\nA: b\r\n\r\nGET", target: "/" }],
    ["a method with a space", { method: "GET /", target: "/" }],
    ["no method", { method: "", target: "/" }],
    ["a target with a line end", "/\r\nA: b"],
    ["a target with LF alone", "/\nA: b"],
    ["a target with NUL", "/\0"],
    ["a target with a space", "/a HTTP/1.1"],
    ["a target above ASCII", "/\xfc"],
    ["a target with a fragment", "/#a"],
    ["a target that is no path", "a"],
    ["an empty target", ""],
    ["* for anything but OPTIONS", "*"],
    ["a target that is an object", { target: { toString: () => "/" } }],
    ["no target", {}],
    ["CONNECT to a path", { method: "CONNECT", target: "/" }],
    ["CONNECT with a body", { method: "CONNECT", target: "a:1", body: "a" }],
    ["TRACE with a body", { method: "TRACE", target: "/", body: "a" }],
    ["a value with CR LF", { target: "/", headers: { A: "b\r\nC: d" } }],
    ["a value with CR", { target: "/", headers: { A: "b\rc" } }],
    ["a value with LF", { target: "/", headers: { A: "b\nc" } }],
    ["a value with NUL", { target: "/", headers: { A: "b\0" } }],
    ["a value above latin1", { target: "/", headers: { A: "\u010a" } }],
    ["a value that is made text late", { target: "/", headers: { A: { toString: () => "b\r\nC: d" } } }],
    ["a value that is a list", { target: "/", headers: { A: ["b\r\nC: d"] } }],
    ["a value that is a function", { target: "/", headers: { A: () => "b" } }],
    ["a name with a line end", { target: "/", headers: { "A\r\nB": "c" } }],
    ["an empty name", { target: "/", headers: { "": "c" } }],
    ["an Upgrade with a line end", { target: "/", headers: { Upgrade: "a\r\nB: c" } }],
    ["a Host with a line end", { target: "/", headers: { Host: "a\r\nB: c" } }],
    ["a Host that is none", { target: "/", headers: { Host: "a/b" } }],
    [
      "two Hosts",
      {
        target: "/",
        headers: [
          ["Host", "a"],
          ["host", "a"],
        ],
      },
    ],
    ["a Transfer-Encoding", { target: "/", headers: { "Transfer-Encoding": "chunked" } }],
    ["a Content-Length that is none", { target: "/", headers: { "Content-Length": "1, 1" } }],
    ["a wrong Content-Length", { target: "/", headers: { "Content-Length": 2 }, body: "abc" }],
    ["a Content-Length without a body", { target: "/", headers: { "Content-Length": 2 } }],
    ["a trailer that tells a length", { target: "/", body: "a", trailers: { "Content-Length": 1 } }],
    ["the same behind a stream", { target: "/", body: pieces("a"), trailers: { "Content-Length": 1 } }],
    ["a trailer with a line end", { target: "/", body: "a", trailers: { A: "b\r\nC: d" } }],
    ["a body that is a number", { target: "/", body: 1 }],
    ["a body that is null", { target: "/", body: null }],
  ];
  test.each(rows)("%s", (_, question) => {
    const end = client();
    expect(() => end.send(question as HttpQuestion)).toThrow(TypeError);
    end.send("/next").receive(NEXT);
    expect([end.sent, end.bodies]).toEqual(["GET /next HTTP/1.1\r\nHost: example.com\r\n\r\n", ["next"]]);
  });

  test("also when it would have to wait for its turn", () => {
    const end = client().send("/");
    expect(() => end.send("/\r\n")).toThrow(TypeError);
  });

  test("its body is still there to be sent", async () => {
    const body = pieces("a");
    const end = client();
    expect(() => end.send({ target: "/ ", body })).toThrow(TypeError);
    expect(() => end.send({ target: "/", headers: { "A ": "b" }, body })).toThrow(TypeError);
    end.send({ target: "/", body });
    for (let turn = 0; turn < 4; turn++) await later();
    expect(end.sent).toMatch(/\r\n1\r\na\r\n0\r\n\r\n$/);
  });

  test("no Host, where the client was made for none", () => {
    expect(() => new ClientEnd(httpClient()).send("/")).toThrow(TypeError);
    expect(new ClientEnd(httpClient()).send("http://a/").sent).toMatch(/\r\nHost: a\r\n/);
  });

  test.each(["a\r\nB: c", "a/b", "http://a", "", 1])("a client is not made for the host %j", (host) => {
    expect(() => httpClient({ host: host as string })).toThrow(TypeError);
  });

  test.each(["answerTimeout", "maxUnreadBody", "maxHeadSize", "maxBodySize"])(
    "%s of -1 is out of range",
    (name) => {
      expect(() => httpClient({ [name]: -1 } as HttpClientOptions<"buffer">)).toThrow(RangeError);
    },
  );
});

test("an answer", () => {
  const end = client().send("/a");
  end.receive("HTTP/1.1 404 Not There\r\nA: 1\r\na: 2\r\nContent-Length: 3\r\n\r\nabc");
  const [answer] = end.answers;
  expect(answer).toMatchObject({ status: 404, reason: "Not There", version: "1.1", request: "/a" });
  expect([[...answer!.headers], answer!.body, answer!.trailers]).toEqual([
    [
      ["A", "1"],
      ["a", "2"],
      ["Content-Length", "3"],
    ],
    Buffer.from("abc"),
    undefined,
  ]);
});

describe("how long an answer is: RFC 9112 6.3", () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const rows: [what: string, method: string, answer: string, body: string][] = [
    ["as its Content-Length says", "GET", OK, "ok"],
    ["nothing, if it says so", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""],
    ["in chunks", "GET", `${chunked}2\r\nok\r\n3;a=b\r\nok!\r\n0\r\n\r\n`, "okok!"],
    ["chunks and trailers", "GET", `${chunked}2\r\nok\r\n0\r\nA: b\r\n\r\n`, "ok"],
    ["no chunk but the last", "GET", `${chunked}0\r\n\r\n`, ""],
    ["Chunked is chunked", "GET", `${chunked.replace("chunked", "Chunked")}0\r\n\r\n`, ""],
    ["HEAD has none, whatever it says", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ""],
    ["HEAD has none in chunks either", "HEAD", chunked, ""],
    ["HEAD has none where nothing tells", "HEAD", "HTTP/1.1 200 OK\r\n\r\n", ""],
    ["204 has none", "GET", "HTTP/1.1 204 No Content\r\n\r\n", ""],
    ["204 has none, whatever it says", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ""],
    ["304 has none", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""],
    ["a CONNECT that is refused has one", "POST", "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", "no"],
    [
      "1xx before it have none",
      "GET",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n${OK}`,
      "ok",
    ],
    [
      "HTTP/1.0 that goes on",
      "GET",
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
      "ok",
    ],
    ["no reason, no fields but that", "GET", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"],
  ];
  test.each(rows)("%s", async (_, method, answer, body) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = client({ pipelining: true }).send({ method, target: "/" }).send("/next");
      end[feed](answer + NEXT);
      expect(end.errors).toEqual([]);
      expect(end.bodies).toEqual([body, "next"]);

      const streamed = streaming({ pipelining: true }).send({ method, target: "/" }).send("/next");
      streamed[feed](answer + NEXT);
      const texts = streamed.answers.map((one) => one.body.text());
      expect(await Promise.all(texts)).toEqual([body, "next"]);
    }
  });

  const untilClose: [what: string, answer: string, body: string][] = [
    ["until the connection ends, where nothing tells", "HTTP/1.1 200 OK\r\n\r\nall of it", "all of it"],
    ["nothing until then", "HTTP/1.1 200 OK\r\n\r\n", ""],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nall of it", "all of it"],
  ];
  test.each(untilClose)("%s", async (_, answer, body) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = client().send("/");
      end[feed](answer);
      expect([end.answers, end.isClosing]).toEqual([[], true]);
      end.finish();
      expect([end.bodies, end.errors, end.isEnded]).toEqual([[body], [], true]);

      const streamed = streaming().send("/");
      streamed[feed](answer).finish();
      expect(await streamed.answers[0]!.body.text()).toBe(body);
    }
  });

  test("trailers come with the answer, and with a streamed body at its end", async () => {
    const answer = `${chunked}2\r\nok\r\n0\r\nA: b\r\n\r\n`;
    expect(client().send("/").receive(answer).answers[0]!.trailers!.get("a")).toBe("b");
    const end = streaming().send("/").receive(chunked);
    end.receive(answer.slice(chunked.length));
    const { body, trailers } = end.answers[0]!;
    expect(await body.text()).toBe("ok");
    expect([body.trailers!.get("a"), trailers!.get("a")]).toEqual(["b", "b"]);
  });
});

describe("an answer that is wrong ends the connection", () => {
  const answer = (...fields: string[]) =>
    `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
  const rows: [what: string, code: string, answer: string][] = [
    [
      "Transfer-Encoding and Content-Length",
      "HTTP_FRAMING",
      answer("Transfer-Encoding: chunked", "Content-Length: 2"),
    ],
    ["two Content-Lengths", "HTTP_FRAMING", answer("Content-Length: 2", "Content-Length: 3")],
    ["twice the same", "HTTP_FRAMING", answer("Content-Length: 2", "Content-Length: 2")],
    ["a list of them", "HTTP_FRAMING", answer("Content-Length: 2, 2")],
    ["a Content-Length with a sign", "HTTP_FRAMING", answer("Content-Length: +2")],
    ["a negative one", "HTTP_FRAMING", answer("Content-Length: -1")],
    ["one in hexadecimal", "HTTP_FRAMING", answer("Content-Length: 0x2")],
    ["an empty one", "HTTP_FRAMING", answer("Content-Length:")],
    ["one that no number holds", "HTTP_FRAMING", answer(`Content-Length: ${"9".repeat(20)}`)],
    ["chunked twice", "HTTP_FRAMING", answer("Transfer-Encoding: chunked, chunked")],
    [
      "chunked in two fields",
      "HTTP_FRAMING",
      answer("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    ],
    ["gzip and chunked", "HTTP_TRANSFER_CODING", answer("Transfer-Encoding: gzip, chunked")],
    ["chunked, but not last", "HTTP_TRANSFER_CODING", answer("Transfer-Encoding: chunked, gzip")],
    ["another coding, until the end", "HTTP_TRANSFER_CODING", answer("Transfer-Encoding: gzip")],
    ["identity", "HTTP_TRANSFER_CODING", answer("Transfer-Encoding: identity")],
    ["a coding that is none", "HTTP_FRAMING", answer("Transfer-Encoding: \xa0chunked")],
    [
      "Transfer-Encoding in HTTP/1.0",
      "HTTP_FRAMING",
      answer("Transfer-Encoding: chunked").replace("/1.1", "/1.0"),
    ],
    ["a line that ends with LF alone", "HTTP_LINE_END", "HTTP/1.1 200 OK\n\n"],
    ["a folded line", "HTTP_FIELD", answer("A: b", " c")],
    ["a space before a colon", "HTTP_FIELD", answer("Content-Length : 2")],
    ["another version", "HTTP_VERSION", "HTTP/2.0 200 OK\r\n\r\n"],
    ["what is no answer", "HTTP_START_LINE", "GET / HTTP/1.1\r\n\r\n"],
    ["a chunk with a sign", "HTTP_CHUNK", `${answer("Transfer-Encoding: chunked")}+2\r\nok\r\n`],
    ["a chunk that ends with LF", "HTTP_CHUNK", `${answer("Transfer-Encoding: chunked")}2\nok\n`],
    [
      "a chunk that is longer than it says",
      "HTTP_CHUNK",
      `${answer("Transfer-Encoding: chunked")}2\r\nokk\r\n`,
    ],
    [
      "trailers with a folded line",
      "HTTP_FIELD",
      `${answer("Transfer-Encoding: chunked")}0\r\nA: b\r\n c\r\n\r\n`,
    ],
    [
      "a switch that was not asked for",
      "HTTP_UPGRADE",
      "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n",
    ],
  ];
  test.each(rows)("%s: %s", (_, code, bytes) => {
    for (const feed of ["receive", "drip"] as const) {
      expect(client().send("/")[feed](bytes).code).toBe(code);
      expect(
        client()
          .send("/")
          [feed](bytes + NEXT).code,
      ).toBe(code);
    }
  });

  test("and whoever reads its body hears of it", async () => {
    const end = streaming()
      .send("/")
      .receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    const text = end.answers[0]!.body.text();
    end.receive("x\r\n");
    await expect(text).rejects.toBe(end.errors[0]);
    expect(end.code).toBe("HTTP_CHUNK");
  });

  test("at n - 1, n and n + 1: a body, told and gathered", () => {
    const told = (size: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`;
    const chunks = (size: number) =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(size)}0\r\n\r\n`;
    const endless = (size: number) => `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(size)}`;
    for (const make of [told, chunks, endless]) {
      for (const feed of ["receive", "drip"] as const) {
        const outcome = [7, 8, 9].map((size) => {
          const end = client({ maxBodySize: 8 }).send("/");
          end[feed](make(size)).finish();
          return end.code ?? end.bodies[0];
        });
        expect(outcome).toEqual(["xxxxxxx", "xxxxxxxx", "HTTP_BODY_SIZE"]);
      }
    }
  });

  test("a body that is announced too large is not waited for", () => {
    const end = client({ maxBodySize: 8 }).send("/").receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    expect(end.code).toBe("HTTP_BODY_SIZE");
  });

  test("a head at its limit, and a byte more", () => {
    const head = "HTTP/1.1 204 No\r\nA: b\r\n\r\n";
    expect(client({ maxHeadSize: head.length }).send("/").drip(head).answers.length).toBe(1);
    expect(
      client({ maxHeadSize: head.length - 1 })
        .send("/")
        .drip(head).code,
    ).toBe("HTTP_HEAD_SIZE");
    expect(
      client({ maxHeadFields: 1 }).send("/").receive("HTTP/1.1 204 No\r\nA: b\r\nA: b\r\n\r\n").code,
    ).toBe("HTTP_FIELD_COUNT");
  });

  test("a hundred answers that announce another, and one more", () => {
    const processing = "HTTP/1.1 102 Wait\r\n\r\n";
    expect(
      client()
        .send("/")
        .receive(processing.repeat(100) + OK).bodies,
    ).toEqual(["ok"]);
    expect(client().send("/").receive(processing.repeat(101)).code).toBe("HTTP_INTERIM");
  });
});

describe("an answer that is cut short", () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const rows: [what: string, answer: string, sentence: string][] = [
    ["before it", "", "the stream ended before an answer"],
    ["behind a 1xx", "HTTP/1.1 100 Continue\r\n\r\n", "the stream ended before an answer"],
    ["in its head", "HTTP/1.1 200 OK\r\n", "the stream ended 17 bytes into an answer"],
    ["in its body", OK.slice(0, -1), "the stream ended with 1 bytes of an answer missing"],
    ["before its body", OK.slice(0, -2), "the stream ended with 2 bytes of an answer missing"],
    ["in a chunk", `${chunked}5\r\nhe`, "the stream ended within the body of an answer"],
    ["before the last chunk", `${chunked}2\r\nok\r\n`, "the stream ended within the body of an answer"],
    ["in the trailers", `${chunked}0\r\nA: b\r\n`, "the stream ended within the body of an answer"],
  ];
  test.each(rows)("%s", async (_, answer, sentence) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = client().send("/");
      end[feed](answer).finish();
      expect(end.answers).toEqual([]);
      expect(end.errors).toEqual([expect.objectContaining({ code: "UNEXPECTED_END" })]);
      // What has come of a whole body waits outside the codec.
      if (!answer.endsWith("\r\no"))
        expect(end.errors).toEqual([expect.objectContaining({ message: sentence })]);

      const streamed = streaming().send("/");
      streamed[feed](answer).finish();
      const body = streamed.answers[0]?.body;
      if (body !== undefined) await expect(body.text()).rejects.toMatchObject({ code: "UNEXPECTED_END" });
    }
  });

  test("by the network: reading says so, and why", async () => {
    const end = streaming().send("/").receive(OK.slice(0, -1));
    const reset = new Error("reset");
    const iterator = end.answers[0]!.body[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual(Buffer.from("o"));
    const next = iterator.next();
    end.framed.closed(reset);
    await expect(next).rejects.toMatchObject({ code: "ABORTED", cause: reset });
    await expect(end.answers[0]!.body.next()).rejects.toMatchObject({ code: "ABORTED", cause: reset });
  });
});

describe("an answer that nobody has asked for ends the connection", () => {
  test("before any request", () => {
    expect(client().receive("H").code).toBe("HTTP_UNASKED");
  });

  test("behind an answer, in the same segment and in the next", () => {
    expect(
      client()
        .send("/")
        .receive(OK + NEXT),
    ).toMatchObject({ code: "HTTP_UNASKED", bodies: ["ok"] });
    expect(client().send("/").receive(OK).receive(NEXT)).toMatchObject({
      code: "HTTP_UNASKED",
      bodies: ["ok"],
    });
  });

  test("line ends behind an answer are one", () => {
    expect(client().send("/").receive(`${OK}\r\n`).code).toBe("HTTP_UNASKED");
  });

  const bodies: [what: string, answer: string][] = [
    ["behind a body", OK],
    ["behind chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["behind a head", "HTTP/1.1 204 No\r\n\r\n"],
  ];
  test.each(bodies)(
    "%s: it is not taken for that to a request which its handler sends",
    async (_, answer) => {
      // With its last byte, or with all of it.
      for (const cut of [answer.length - 1, 0]) {
        const end = client().send("/");
        end.onAnswer = () => end.send("/secret");
        const poisoned = answer + NEXT;
        end.receive(poisoned.slice(0, cut)).receive(poisoned.slice(cut));
        await later();
        expect([end.code, end.answers.length]).toEqual(["HTTP_UNASKED", 1]);
        expect(end.sent).not.toContain("/secret");
      }
    },
  );

  test("nor for that to one which waited", async () => {
    const end = client().send("/").send("/secret");
    end.receive(OK + NEXT);
    await later();
    expect([end.code, end.sent]).toEqual(["HTTP_UNASKED", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"]);
  });

  test("nor for that to one which is sent ahead behind it", async () => {
    const end = client({ pipelining: true }).send("/1").send("/2");
    let isFirst = true;
    end.onAnswer = () => {
      if (isFirst) end.send("/secret");
      isFirst = false;
    };
    end.receive(OK + NEXT + NEXT);
    await later();
    expect([end.code, end.bodies, end.sent.includes("/secret")]).toEqual([
      "HTTP_UNASKED",
      ["ok", "next"],
      false,
    ]);
  });
});

describe("one request at a time", () => {
  test("others wait for the answer, in their order", async () => {
    const end = client().send("/1").send("/2").send("/3");
    await later();
    expect(end.sent).toBe("GET /1 HTTP/1.1\r\nHost: example.com\r\n\r\n");
    end.receive(OK);
    await later();
    expect(end.sent).toBe("GET /2 HTTP/1.1\r\nHost: example.com\r\n\r\n");
    end.receive(OK);
    await later();
    expect(end.sent).toBe("GET /3 HTTP/1.1\r\nHost: example.com\r\n\r\n");
    end.receive(OK);
    expect(end.answers.map(({ request }) => request)).toEqual(["/1", "/2", "/3"]);
  });

  test("one that is sent when the answer comes goes at once", () => {
    const end = client().send("/1");
    expect(end.sent).toContain("/1");
    end.onAnswer = () => void (end.answers.length === 1 && end.send("/2"));
    end.receive(OK);
    expect(end.sent).toContain("/2");
  });

  test.each([
    ["told", OK],
    ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"],
  ])("and so does one behind a body, %s, that came in pieces", (_, answer) => {
    for (let cut = 1; cut < answer.length; cut++) {
      const end = client().send("/1");
      end.onAnswer = () => end.send("/2");
      void end.sent;
      end.receive(answer.slice(0, cut)).receive(answer.slice(cut));
      expect([cut, end.sent]).toEqual([cut, "GET /2 HTTP/1.1\r\nHost: example.com\r\n\r\n"]);
    }
  });

  test("1xx are no answer", async () => {
    const end = client().send("/1").send("/2");
    end.receive("HTTP/1.1 103 Early\r\n\r\n");
    await later();
    expect(end.sent).not.toContain("/2");
  });

  test("a streamed answer has to be read to its end first", async () => {
    const end = streaming().send("/1").send("/2");
    end.receive(OK.slice(0, -1));
    await later();
    expect(end.sent).not.toContain("/2");
    end.receive("k");
    await later();
    expect(end.sent).toContain("/2");
  });

  test("an answer may come before its request is out, which still goes on", async () => {
    const end = client()
      .send({ method: "POST", target: "/1", body: pieces("a", "b", "c") })
      .send("/2");
    end.receive(OK);
    expect(end.bodies).toEqual(["ok"]);
    expect(end.sent).not.toContain("0\r\n\r\n");
    for (let turn = 0; turn < 6; turn++) await later();
    expect(end.sent).toMatch(/0\r\n\r\nGET \/2 HTTP\/1\.1\r\n/);
    end.receive(NEXT);
    expect(end.bodies).toEqual(["ok", "next"]);
  });

  test("a second answer, while the request is still going out, is one too many", async () => {
    const end = client().send({ method: "POST", target: "/1", body: pieces("a", "b", "c") });
    expect(end.receive(OK + NEXT).code).toBe("HTTP_UNASKED");
  });
});

describe("pipelining", () => {
  test("requests go at once, answers are told apart by their order", () => {
    const end = client({ pipelining: true }).send("/1").send({ method: "HEAD", target: "/2" }).send("/3");
    expect(end.sent.match(/[A-Z]+ \/\d/g)).toEqual(["GET /1", "HEAD /2", "GET /3"]);
    end.receive(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n${NEXT}`);
    expect(end.answers.map(({ request, body }) => [request, String(body)])).toEqual([
      ["/1", "ok"],
      [{ method: "HEAD", target: "/2" }, ""],
      ["/3", "next"],
    ]);
  });

  test("the time for an answer begins when it is its turn", () => {
    const end = client({ pipelining: true }).send("/1").send("/2");
    end.receive(OK);
    expect(end.phases.map(([name]) => name)).toEqual(["idle", "answer", "body", "answer"]);
  });

  test("a request to switch waits until it is alone", async () => {
    const end = client({ pipelining: true }).send("/1").send({ method: "CONNECT", target: "a:1" });
    await later();
    expect(end.sent).not.toContain("CONNECT");
    end.receive(OK);
    await later();
    expect(end.sent).toContain("CONNECT");
  });
});

describe("a last answer", () => {
  const lasts: [what: string, question: HttpQuestion, answer: string][] = [
    ["Connection: close of the server", "/", LAST],
    ["in a list, in any case", "/", LAST.replace("close", "x, Close")],
    ["of the client", { target: "/", headers: { Connection: "close" } }, NEXT.replace("next", "last")],
    [
      "of the client, in a list",
      { target: "/", headers: { Connection: "x, Close" } },
      NEXT.replace("next", "last"),
    ],
    ["HTTP/1.0", "/", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nlast"],
    [
      "HTTP/1.0 with both",
      "/",
      "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 4\r\n\r\nlast",
    ],
  ];
  test.each(lasts)("%s: it is delivered, and the connection ends", (_, question, answer) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = client().send(question);
      end[feed](answer);
      expect([end.bodies, end.isClosing, end.isEnded, end.errors]).toEqual([["last"], true, true, []]);
    }
  });

  test("from its head on, nothing is asked any more", () => {
    const end = client().send("/").receive(LAST.slice(0, -1));
    expect([end.isClosing, end.isEnded]).toEqual([true, false]);
    const asked = client().send({ target: "/", headers: { Connection: "close" } });
    expect(asked.isClosing).toBe(true);
  });

  test("requests that waited are given back: they were not sent", async () => {
    let isLeft = false;
    const body: StreamedBody = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false as const, value: "a" }),
        return: () => {
          isLeft = true;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const second = { method: "POST", target: "/2", body };
    const end = client().send("/1").send(second).send("/3");
    end.receive(LAST);
    await later();
    expect(end.notes).toEqual([
      { type: "unanswered", request: second, isSent: false },
      { type: "unanswered", request: "/3", isSent: false },
    ]);
    expect([end.sent, end.errors, isLeft]).toEqual([
      "GET /1 HTTP/1.1\r\nHost: example.com\r\n\r\n",
      [],
      true,
    ]);
  });

  test("so are those that were sent ahead", () => {
    const end = client({ pipelining: true }).send("/1").send("/2").send("/3");
    end.receive(LAST + NEXT);
    expect(end.notes).toEqual([
      { type: "unanswered", request: "/2", isSent: true },
      { type: "unanswered", request: "/3", isSent: true },
    ]);
    expect([end.bodies, end.errors]).toEqual([["last"], []]);
  });

  test("a request that is still going out is cut off", async () => {
    const body = (async function* () {
      yield "a";
      await new Promise(() => {});
    })();
    const end = client().send({ method: "POST", target: "/", body });
    await later();
    end.receive(LAST);
    await later();
    expect([end.bodies, end.isEnded, end.errors]).toEqual([["last"], true, []]);
    expect(end.sent).toMatch(/\r\n1\r\na\r\n$/);
  });

  const ends: [what: string, end: (end: ClientEnd) => unknown][] = [
    ["the last answer comes", (end) => end.receive(LAST)],
    ["the answer is wrong", (end) => end.receive("HTTP/2.0 200 OK\r\n")],
    ["the connection breaks", (end) => end.framed.closed(new Error("reset"))],
    ["our side ends", (end) => end.framed.farewell({ why: "close" })],
  ];
  test.each(ends)("what it was read from is closed, though no piece comes: %s", async (_, finish) => {
    const source = new Readable({ read() {} });
    const end = client().send({ method: "POST", target: "/", body: source });
    source.push("a");
    await later();
    finish(end);
    await later();
    expect([source.destroyed, end.sent.endsWith("\r\n1\r\na\r\n")]).toEqual([true, true]);
  });

  test("the server's end between answers is an end", async () => {
    const end = client().send("/").receive(OK).finish();
    expect([end.isEnded, end.errors]).toEqual([true, []]);
  });
});

describe("1xx are notes", () => {
  test("with their status and fields, before the answer", () => {
    const answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    for (const feed of ["receive", "drip"] as const) {
      const end = client().send("/");
      end[feed](answer + OK);
      expect(
        end.notes.map((note) => note.type === "informational" && [note.status, note.headers.get("link")]),
      ).toEqual([
        [100, undefined],
        [103, "</a>"],
      ]);
      expect(end.bodies).toEqual(["ok"]);
    }
  });

  test("a body may wait for 100", async () => {
    let goOn = () => {};
    const isAllowed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const body = (async function* () {
      await isAllowed;
      yield "hello";
    })();
    const end = client().send({ method: "POST", target: "/", headers: { Expect: "100-continue" }, body });
    await later();
    expect(end.sent).toMatch(/Expect: 100-continue\r\n\r\n$/);
    end.receive("HTTP/1.1 100 Continue\r\n\r\n");
    expect(end.notes).toMatchObject([{ status: 100 }]);
    goOn();
    await later();
    expect(end.sent).toBe("5\r\nhello\r\n0\r\n\r\n");
  });
});

describe("another protocol", () => {
  const upgrade = { target: "/", headers: { Connection: "Upgrade", Upgrade: "foo/2, Bar" } };
  const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: bar\r\n\r\n";
  const lines = () => ({
    input: (buffer: Uint8Array) => buffer.indexOf(10) + 1,
    decode: (frame: Uint8Array) => ({ line: Buffer.from(frame).toString() }),
    encode: (line: string) => line,
  });

  test.each([
    ["101 to an Upgrade", upgrade, switching, 101],
    [
      "2xx to a CONNECT",
      { method: "CONNECT", target: "a:1" },
      "HTTP/1.1 200 Fine\r\nContent-Length: 9\r\n\r\n",
      200,
    ],
    [
      "whatever lengths it tells",
      { method: "CONNECT", target: "a:1" },
      "HTTP/1.1 204 Fine\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n",
      204,
    ],
  ])("%s is delivered, and what follows is the next codec's", (_, question, answer, status) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = client().send(question);
      end[feed](`${answer}first\nsec`);
      expect(end.answers.map((one) => [one.status, String(one.body)])).toEqual([[status, ""]]);
      expect(end.framed.unread).toBe(9);
      end.framed.upgrade(lines);
      end.receive("ond\n");
      expect(end.answers.slice(1)).toEqual([{ line: "first\n" }, { line: "second\n" }]);
    }
  });

  test("upgraded in the handler", () => {
    const end = streaming().send(upgrade);
    end.onAnswer = ({ status }) => void (status === 101 && end.framed.upgrade(lines));
    end.receive(`${switching}first\n`);
    expect(end.answers.slice(1)).toEqual([{ line: "first\n" }]);
  });

  test("a server that does not switch answers as ever", () => {
    const end = client().send(upgrade).receive(OK).send("/next").receive(NEXT);
    expect(end.bodies).toEqual(["ok", "next"]);
    const proxied = client().send({ method: "CONNECT", target: "a:1" });
    proxied.receive("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno").send("/next").receive(NEXT);
    expect(proxied.bodies).toEqual(["no", "next"]);
  });

  test.each([
    ["to what was not offered", switching.replace("bar", "baz")],
    ["to more than was offered", switching.replace("bar", "bar, baz")],
    ["to nothing", switching.replace("Upgrade: bar\r\n", "")],
    ["without Connection: upgrade", switching.replace("Connection: upgrade\r\n", "")],
    ["in HTTP/1.0", switching.replace("/1.1", "/1.0")],
  ])("a switch %s is an error", (_, answer) => {
    expect(client().send(upgrade).receive(answer).code).toBe("HTTP_UPGRADE");
  });

  test("a switch before the request is out is an error", async () => {
    const end = client().send({ ...upgrade, method: "POST", body: pieces("a", "b") });
    await later();
    expect(end.receive(switching).code).toBe("HTTP_UPGRADE");
  });

  test("nothing is sent behind such a request, before or after its answer", () => {
    const end = client().send(upgrade);
    expect(() => end.send("/")).toThrow(TypeError);
    end.receive(switching);
    expect(() => end.send("/")).toThrow(TypeError);
  });

  test("not when it was waiting itself either: what was sent behind it is reported", async () => {
    const end = client().send("/1").send(upgrade).send("/3");
    end.receive(OK);
    await later();
    expect(end.errors).toEqual([expect.any(TypeError)]);
    expect(end.sent).not.toContain("/3");
  });
});

describe("a streamed answer", () => {
  const big = (size: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`;

  test("is delivered with its head, and read as it comes", async () => {
    const end = streaming().send("/").receive(big(4));
    const { body } = end.answers[0]!;
    const read: string[] = [];
    const done = (async () => {
      for await (const piece of body) read.push(String(piece));
    })();
    for (const piece of ["ab", "c", "d"]) {
      end.receive(piece);
      await later();
    }
    await done;
    expect(read).toEqual(["ab", "c", "d"]);
  });

  test("the server waits for whoever reads", async () => {
    const end = streaming()
      .send("/")
      .receive(big(1 << 20));
    const { body } = end.answers[0]!;
    const piece = "x".repeat(16 * 1024);
    let fed = 0;
    for (; fed < 1 << 20 && !end.framed.isBlocked; fed += piece.length) end.receive(piece);
    expect(fed).toBe(128 * 1024);
    expect(end.framed.codec.retained).toBeGreaterThanOrEqual(fed);
    expect(end.phases.at(-1)).toEqual(["body", {}]);
    for (let read = 0; read < 4; read++) await body.next();
    expect([end.framed.isBlocked, end.phases.at(-1)]).toEqual([
      false,
      ["body", { within: 20_000, bytesPerSecond: 500 }],
    ]);
  });

  test("what has come whole holds nobody back, and reading it late lets nobody go on", async () => {
    const size = 160 * 1024;
    const end = streaming({ pipelining: true }).send("/1").send("/2");
    end.receive(big(size) + "x".repeat(size));
    expect(end.framed.isBlocked).toBe(false);
    const piece = "y".repeat(16 * 1024);
    end.receive(big(1 << 20));
    while (!end.framed.isBlocked) end.receive(piece);
    expect((await end.answers[0]!.body.bytes()).length).toBe(size);
    expect(end.framed.isBlocked).toBe(true);
  });

  test("one that is abandoned is read on within a bound, and the connection goes on", async () => {
    const end = streaming({ maxUnreadBody: 8 })
      .send("/")
      .receive(`${big(8)}1234`)
      .send("/next");
    end.answers[0]!.body.abandon();
    end.receive("5678");
    await later();
    expect([end.sent.includes("/next"), end.isEnded]).toEqual([true, false]);
  });

  test.each([
    ["told", `${big(10)}1`, ""],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
      "8\r\n12345678\r\n1\r\n9\r\n",
    ],
    ["until the end", "HTTP/1.1 200 OK\r\n\r\n1", "23456789a"],
  ])("beyond it, the connection ends: %s", async (_, begin, rest) => {
    const end = streaming({ maxUnreadBody: 8 }).send("/").receive(begin).send("/next");
    const { body } = end.answers[0]!;
    for await (const _ of body) break;
    end.receive(rest);
    await later();
    expect([end.isEnded, end.errors, end.notes]).toEqual([
      true,
      [],
      [{ type: "unanswered", request: "/next", isSent: false }],
    ]);
  });

  test("leaving one that holds back ends it too", async () => {
    const end = streaming({ maxUnreadBody: 1 << 20 })
      .send("/")
      .receive(big(256 * 1024));
    end.receive("x".repeat(128 * 1024));
    end.receive("x".repeat(128 * 1024));
    expect(end.framed.isBlocked).toBe(true);
    end.answers[0]!.body.abandon();
    expect([end.framed.isBlocked, end.framed.unread, end.isEnded]).toEqual([false, 0, false]);
    end.send("/next").receive(NEXT);
    expect(await end.answers[1]!.body.text()).toBe("next");
  });

  test("a body without bytes is there at once", async () => {
    const end = streaming().send({ method: "HEAD", target: "/" }).receive(big(9));
    expect(await end.answers[0]!.body.bytes()).toEqual(Buffer.alloc(0));
  });
});

describe("the deadline in force", () => {
  test("from request to answer", () => {
    const end = client({ answerTimeout: 1, headTimeout: 2, bodyTimeout: 3, minBodyRate: 4 });
    end.send("/").receive("H").receive(OK.slice(1, -1)).receive("k");
    expect(end.phases).toEqual([
      ["idle", {}],
      ["answer", { within: 1 }],
      ["head", { within: 2 }],
      ["body", { within: 3, bytesPerSecond: 4 }],
      ["idle", {}],
    ]);
  });

  test("none while the request goes out; a 1xx begins the wait anew", async () => {
    const end = client().send({ method: "POST", target: "/", body: pieces("a") });
    end.receive("HTTP/1.1 100 Continue\r\n\r\n");
    for (let turn = 0; turn < 4; turn++) await later();
    end.receive("HTTP/1.1 102 Wait\r\n\r\n");
    expect(end.phases.map(([name]) => name)).toEqual(["idle", "request", "request", "answer", "answer"]);
  });

  test("none when the connection is another protocol's", () => {
    const end = client().send({ method: "CONNECT", target: "a:1" }).receive("HTTP/1.1 200 OK\r\n\r\n");
    expect(end.phases.at(-1)).toEqual(["switched", {}]);
  });
});

describe("the end", () => {
  test("a farewell ends our side, and what is being read", async () => {
    const end = streaming().send("/").receive(OK.slice(0, -1));
    const text = end.answers[0]!.body.text();
    expect(end.framed.farewell({ why: "close" })).toBe(true);
    expect([end.isEnded, end.isClosing]).toEqual([true, true]);
    await expect(text).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("a drain lets what was asked be answered", () => {
    const end = client().send("/");
    end.framed.farewell({ why: "drain" });
    expect([end.isEnded, end.isClosing]).toEqual([false, true]);
    end.receive(OK);
    expect([end.isEnded, end.bodies]).toEqual([true, ["ok"]]);
    const idle = client();
    idle.framed.farewell({ why: "drain" });
    expect(idle.isEnded).toBe(true);
  });

  test("a request that waits ends when the connection is gone", async () => {
    const end = client();
    const stream = end.send("/1").framed.codec.encode("/2") as AsyncIterable<unknown>;
    const next = stream[Symbol.asyncIterator]().next();
    end.framed.closed();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(end.notes).toEqual([]);
  });
});
