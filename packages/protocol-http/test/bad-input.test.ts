import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { HttpOptions } from "../src/index.ts";
import { NEXT, received, Served, streaming } from "./server.ts";

// Inputs that broke others, by their accidents. Each says what the peer gets and what our side sees: whole, byte by byte,
// and with another request behind, which is not answered when the first was refused. What clients must bear (24) is with
// the client's tests; the PROXY protocol (38) is read by @sock/core, before any codec.

const MiB = 1024 * 1024;

function head(line: string, ...fields: string[]): string {
  return `${line}\r\n${fields.map((one) => `${one}\r\n`).join("")}\r\n`;
}

const get = (...fields: string[]) => head("GET / HTTP/1.1", "Host: x", ...fields);
const post = (...fields: string[]) => head("POST / HTTP/1.1", "Host: x", ...fields);
const chunked = (body: string) => `${post("Transfer-Encoding: chunked")}${body}`;

type Row = [what: string, status: number, code: string, bytes: string];

/** Each is refused, and says so. */
function refused(rows: readonly Row[], options?: HttpOptions): void {
  test.each(rows)("%s: %i, %s", (_, status, code, bytes) => {
    expect(received(bytes, options)).toMatchObject({ status, code, requests: [] });
  });
}

describe("3: a huge number of fields, CVE-2024-37890", () => {
  test.each([0, 1, 99])("%i and a Host pass", (count) => {
    const { requests } = received(get(...Array<string>(count).fill("A: b")));
    expect(requests[0]?.fields.length).toBe(count + 1);
  });
  test.each([100, 101, 2000])("%i and a Host: 431", (count) => {
    const outcome = received(get(...Array<string>(count).fill("A: b")));
    expect(outcome).toMatchObject({ status: 431, code: "HTTP_FIELD_COUNT", requests: [] });
  });
});

describe("4: names of prototypes, and blanks without end", () => {
  test("a head full of blanks is read", () => {
    for (const value of [
      " ".repeat(16_000),
      `a${" ".repeat(15_000)}b`,
      `a,${" ,".repeat(7_000)}`,
      "\t".repeat(16_000),
    ]) {
      for (const name of ["Connection", "X-A"])
        expect(received(get(`${name}: ${value}`)).requests.length).toBe(1);
    }
  });
});

describe("17: parts that cost more than their bytes", () => {
  test("a hundred fields of three bytes each: what is kept is text and places, whatever it is asked for", () => {
    const served = new Served().receive(get(...Array<string>(99).fill("A:")));
    expect(served.request.headers.all("a").length).toBe(99);
    expect(served.request.headers.get("a")?.length).toBe(2 * 98);
  });
});

describe("19: a field named __proto__, CVE-2026-21710", () => {
  test("is a field like any other; nothing of a prototype is one", () => {
    const served = new Served().receive(get("__proto__: 1", "constructor: 2", "__PROTO__: 3"));
    const { headers } = served.request;
    expect([headers.get("__proto__"), headers.all("constructor"), headers.get("toString")]).toEqual([
      "1, 3",
      ["2"],
      undefined,
    ]);
    expect([
      headers.has("hasOwnProperty"),
      headers.list("valueOf"),
      headers.hasToken("__proto__", "1"),
    ]).toEqual([false, [], true]);
    expect(Object.prototype).not.toHaveProperty("1");
  });
});

describe("22: keys made to collide, CVE-2026-21717", () => {
  test("fields are a list: no table is filled, and there are 100 at most", () => {
    const fields = Array.from({ length: 99 }, (_, nth) => `${nth}: ${nth}`);
    const served = new Served().receive(get(...fields));
    expect([...served.request.headers].slice(1).map(([name]) => name)).toEqual(
      fields.map((one) => one.split(":")[0]),
    );
  });

  test("a query and cookies are not taken apart", () => {
    const query = Array.from({ length: 1000 }, (_, nth) => nth).join("&");
    const served = new Served().receive(head(`GET /?${query} HTTP/1.1`, "Host: x", `Cookie: ${query}`));
    expect([served.request.query, served.request.headers.get("cookie")]).toEqual([query, query]);
  });
});

describe("24: line ends in what our side says, CVE-2026-1527", () => {
  test("are refused: see answer.test.ts, `no answer can be split`", () => {
    const served = new Served().receive(get());
    expect(() => served.send({ headers: { "X-A": "b\r\nSet-Cookie: c" } })).toThrow(TypeError);
    expect(() => served.send({ reason: ["OK\r\nSet-Cookie: c"] as never })).toThrow(TypeError);
    expect(served.sent).toBe("");
  });
});

describe("25: what llhttp let pass", () => {
  refused([
    [
      "CR without LF behind a line, CVE-2023-30589",
      400,
      "HTTP_START_LINE",
      "GET / HTTP/1.1\rHost: x\r\n\r\n",
    ],
    ["CR without LF between fields", 400, "HTTP_FIELD", head("GET / HTTP/1.1", "Host: x\rA: b")],
    ["CR within a name", 400, "HTTP_FIELD", head("GET / HTTP/1.1", "Host: x", "A\r: b")],
    ["CR CR LF", 400, "HTTP_FIELD", "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"],
    ["LF alone behind the request line", 400, "HTTP_LINE_END", "GET / HTTP/1.1\nHost: x\r\n\r\n"],
    ["LF alone behind a field", 400, "HTTP_LINE_END", "GET / HTTP/1.1\r\nHost: x\n\r\n"],
    ["LF alone at the end", 400, "HTTP_LINE_END", "GET / HTTP/1.1\r\nHost: x\r\n\n"],
    ["LF LF", 400, "HTTP_LINE_END", "GET / HTTP/1.1\r\nHost: x\n\n"],
    ["a space before the colon, CVE-2021-22959", 400, "HTTP_FIELD", post("Content-Length : 5")],
    ["before that of Transfer-Encoding", 400, "HTTP_FIELD", post("Transfer-Encoding : chunked")],
    ["a tab before the colon", 400, "HTTP_FIELD", post("Content-Length\t: 5")],
    ["a folded value, CVE-2022-32215", 400, "HTTP_FIELD", post("Transfer-Encoding:", " chunked")],
    ["a folded value of two", 400, "HTTP_FIELD", post("Transfer-Encoding: chunked,", "\tchunked")],
    [
      "a folded field that names a length, CVE-2024-27982",
      400,
      "HTTP_FIELD",
      post("A: b", " Content-Length: 5"),
    ],
    ["a space first in the head", 400, "HTTP_FIELD", head("GET / HTTP/1.1", " Host: x", "Host: x")],
    [
      "two Transfer-Encodings, CVE-2022-32213",
      501,
      "HTTP_TRANSFER_CODING",
      post("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    ],
    [
      "chunked not last, CVE-2022-32214",
      501,
      "HTTP_TRANSFER_CODING",
      post("Transfer-Encoding: chunked, eee"),
    ],
    [
      "both lengths",
      400,
      "HTTP_FRAMING",
      `${post("Transfer-Encoding: chunked", "Content-Length: 5")}0\r\n\r\n`,
    ],
    ["an extension with a control, CVE-2021-22960", 400, "HTTP_CHUNK", chunked("5;\0\r\nhello\r\n0\r\n\r\n")],
    ["NUL in a value", 400, "HTTP_FIELD", get("A: b\0c")],
    ["a vertical tab around a coding", 400, "HTTP_FIELD", post("Transfer-Encoding:\vchunked")],
  ]);

  test("a tab behind the value of Connection is none of it", () => {
    const served = new Served().receive(get("Connection: close\t")).send("ok");
    expect(served.isEnded).toBe(true);
  });
});

describe("26: chunk lines, CVE-2025-22871, CVE-2025-55315, CVE-2025-58056, CVE-2026-33870", () => {
  refused([
    ["LF ends an extension", 400, "HTTP_CHUNK", chunked("2;\nxx\r\n4c\r\nX\r\n0\r\n\r\n")],
    ["CR ends one", 400, "HTTP_CHUNK", chunked("2;\rxx\r\n0\r\n\r\n")],
    ["LF within one", 400, "HTTP_CHUNK", chunked("2;a=b\nc\r\nxx\r\n0\r\n\r\n")],
    ["a line end in quotes", 400, "HTTP_CHUNK", chunked('2;a="\r\nxx\r\n0\r\n\r\n"\r\n0\r\n\r\n')],
    ["LF ends a size", 400, "HTTP_CHUNK", chunked("2\nxx\r\n0\r\n\r\n")],
    ["LF behind data", 400, "HTTP_CHUNK", chunked("2\r\nxx\n0\r\n\r\n")],
    ["CR and anything behind data", 400, "HTTP_CHUNK", chunked("2\r\nxx\rX0\r\n\r\n")],
  ]);

  test("4 MiB of an extension are refused at the first 4 KiB, CVE-2024-22019", () => {
    const served = new Served().receive(chunked("1;"));
    let sent = 0;
    for (; served.code === undefined && sent < 4 * MiB; sent += 512) served.receive("a".repeat(512));
    expect([served.statuses, served.code]).toEqual([[400], "HTTP_CHUNK"]);
    expect(sent).toBeLessThanOrEqual(5 * 1024);
  });

  test("4 MiB of extensions, a little in each chunk, at the first 16 KiB", () => {
    const served = streaming().receive(chunked(""));
    void served.request.body.bytes().catch(() => {});
    let extensions = 0;
    for (; served.code === undefined && extensions < 4 * MiB; extensions += 100)
      served.receive(`1;${"a".repeat(99)}\r\nx\r\n`);
    expect([served.statuses, served.code]).toEqual([[400], "HTTP_CHUNK"]);
    expect(extensions).toBeLessThanOrEqual(17 * 1024);
  });
});

describe("27: the end of the last chunk is not looked at, Bun 29732", () => {
  refused([
    ["XX for CR LF behind data", 400, "HTTP_CHUNK", chunked("2\r\nabXX0\r\n\r\n")],
    ["XX, as a trailer without a colon", 400, "HTTP_FIELD", chunked("0\r\nXX\r\n\r\n")],
    ["a request in place of the empty line", 400, "HTTP_FIELD", chunked(`0\r\n${NEXT}`)],
    ["LF for CR LF", 400, "HTTP_LINE_END", chunked("0\r\n\n")],
  ]);

  test("bytes that never become a line end wait, and are never a request", () => {
    const served = new Served().receive(chunked("0\r\nXX"));
    expect([served.requests, served.sent]).toEqual([[], ""]);
  });
});

describe("28: lengths that can be read in two ways, uWebSockets 2026", () => {
  const lengths: [what: string, value: string][] = [
    ["a list of equals", "5, 5"],
    ["a list", "5, 6"],
    ["a plus", "+5"],
    ["0x", "0x5"],
    ["a minus", "-5"],
    ["nothing", ""],
    ["seventeen digits", "00000000000000005"],
    ["2^64", "18446744073709551616"],
    ["a space within", "5 5"],
  ];
  refused([
    ...lengths.map(
      ([what, value]): Row => [what, 400, "HTTP_FRAMING", `${post(`Content-Length: ${value}`)}hello`],
    ),
    ["two that differ", 400, "HTTP_FRAMING", `${post("Content-Length: 5", "Content-Length: 6")}hello`],
    ["two that do not", 400, "HTTP_FRAMING", `${post("Content-Length: 5", "Content-Length: 5")}hello`],
    ["an empty name", 400, "HTTP_FIELD", get(": b")],
    ["an empty Host", 400, "HTTP_HOST", head("GET / HTTP/1.1", "Host:")],
    ["a chunk that wraps in 64 bits", 400, "HTTP_CHUNK", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")],
    ["a chunk that wraps in 32 bits", 413, "HTTP_BODY_SIZE", chunked("100000005\r\nhello\r\n0\r\n\r\n")],
  ]);

  test("spaces around a length are none of it", () => {
    expect(received(`${post("Content-Length:   5  ")}hello`).requests[0]?.body).toBe("hello");
  });
});

// 29, what the ancestor mended in 2026: see ancestor.test.ts.

describe("30: what Cowboy mended", () => {
  refused([
    ["NUL in a value", 400, "HTTP_FIELD", get("A: \0")],
    ["CR in a value", 400, "HTTP_FIELD", get("A: b\rc")],
    ["a fragment", 400, "HTTP_START_LINE", head("GET /#a HTTP/1.1", "Host: x")],
    ["a length of eighteen digits", 400, "HTTP_FRAMING", post("Content-Length: 123456789012345678")],
    ["fields that repeat are counted each", 431, "HTTP_FIELD_COUNT", get(...Array<string>(100).fill("A: b"))],
    ["one method and then nothing", 400, "HTTP_START_LINE", "GET\r\n\r\n"],
  ]);

  test("a thousand pipelined requests are handled one at a time, in their order", () => {
    const served = new Served();
    served.receive(
      Array.from({ length: 1000 }, (_, nth) => head(`GET /${nth} HTTP/1.1`, "Host: x")).join(""),
    );
    for (let nth = 0; nth < 1000; nth++) {
      expect([served.requests.length, served.request.path]).toEqual([nth + 1, `/${nth}`]);
      served.send("ok");
    }
  });

  test("answered at once, they take no stack", () => {
    const served = new Served();
    served.onRequest = () => void served.send("ok");
    served.receive(get().repeat(20_000));
    expect([served.requests.length, served.error]).toEqual([20_000, undefined]);
  });

  test("nor when all are streamed", async () => {
    const served = new Served();
    served.onRequest = () => void served.send({ body: (async function* () {})() });
    served.receive(get().repeat(5000));
    while (served.requests.length < 5000 || !served.isIdle) await turn();
    expect(served.error).toBeUndefined();
  });
});

describe("41: bytes that drip", () => {
  test("a head has one deadline from its first byte to its last, which is answered", () => {
    const served = new Served().drip("GET / HTTP/1.1\r\nHost:");
    expect(served.phases).toEqual(["head"]);
    expect(served.farewell({ why: "deadline", phase: "head" }).statuses).toEqual([408]);
  });

  test("a body has one that its bytes put off by a rate, and no byte begins it anew", () => {
    const served = new Served().receive(post("Content-Length: 100")).drip("x".repeat(50));
    expect([served.phases, served.limits.body]).toEqual([
      ["head", "body"],
      { within: 20_000, bytesPerSecond: 500 },
    ]);
    expect(served.farewell({ why: "deadline", phase: "body" }).statuses).toEqual([408]);
  });

  test("a body that is announced costs what has come of it, not what it says", () => {
    const served = new Served().receive(post("Content-Length: 10485760"), "x");
    expect(served.framed.retained).toBeLessThan(1024);
    const inChunks = new Served().receive(chunked("9fffff\r\nx"));
    expect(inChunks.framed.retained).toBeLessThan(1024);
  });

  test("a head without end is refused at its limit, and not kept", () => {
    const served = new Served().receive("GET / HTTP/1.1\r\nHost: x\r\n");
    let sent = 0;
    for (; served.code === undefined && sent < MiB; sent += 100) {
      served.receive(`A: ${"b".repeat(95)}\r\n`);
      expect(served.framed.retained).toBeLessThan(64 * 1024);
    }
    expect([served.statuses, served.code]).toEqual([[431], "HTTP_FIELD_COUNT"]);
    expect(sent).toBeLessThanOrEqual(16 * 1024);
  });

  const endless: [what: string, begin: string, status: number, code: string][] = [
    ["a method", "G", 414, "HTTP_TARGET_SIZE"],
    ["a target", "GET /", 414, "HTTP_TARGET_SIZE"],
    ["a version", "GET / HTTP/1.1", 414, "HTTP_TARGET_SIZE"],
    ["a name", "GET / HTTP/1.1\r\nHost: x\r\nA", 431, "HTTP_HEAD_SIZE"],
    ["a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b", 431, "HTTP_HEAD_SIZE"],
    ["a chunk's size", chunked("0"), 400, "HTTP_CHUNK"],
    ["a trailer", chunked("0\r\nA: b"), 431, "HTTP_HEAD_SIZE"],
  ];
  test.each(endless)("%s without end: %i, before it was kept", (_, begin, status, code) => {
    const served = new Served().receive(begin);
    let sent = 0;
    for (; served.code === undefined && sent < MiB; sent += 100) {
      served.receive("0".repeat(100));
      expect(served.framed.retained).toBeLessThan(64 * 1024);
    }
    expect([served.statuses, served.code]).toEqual([[status], code]);
    expect(sent).toBeLessThanOrEqual(17 * 1024);
  });

  test("a body in chunks without end: 413 at its limit, and it never took more than a few times that", () => {
    const served = new Served({ maxBodySize: 100_000 }).receive(chunked(""));
    let sent = 0;
    for (; served.code === undefined && sent < MiB; sent += 1000) {
      served.receive(`3e8\r\n${"x".repeat(1000)}\r\n`);
      expect(served.framed.retained).toBeLessThan(400_000);
    }
    expect([served.statuses, served.code, sent]).toEqual([[413], "HTTP_BODY_SIZE", 101_000]);
  });

  test("read as it comes, by nobody: the peer is held back", () => {
    const served = streaming().receive(chunked(""));
    let sent = 0;
    for (; !served.framed.isBlocked && sent < MiB; sent += 1000)
      served.receive(`3e8\r\n${"x".repeat(1000)}\r\n`);
    expect(sent).toBeLessThanOrEqual(140_000);
    expect(served.framed.retained).toBeLessThan(200_000);
  });
});

describe("42: floods", () => {
  test("empty lines: one is left out, two are none, RFC 9112 2.2", () => {
    expect(received(`\r\n${get()}`).requests.length).toBe(1);
    expect(received(`\r\n\r\n${get()}`)).toMatchObject({ status: 400, code: "HTTP_START_LINE" });
  });

  test("bytes behind the last answer are thrown away", () => {
    const served = new Served().receive(get("Connection: close")).send("ok");
    for (let nth = 0; nth < 100; nth++) served.receive(Buffer.alloc(10_000));
    expect([served.framed.retained, served.error, served.statuses]).toEqual([0, undefined, [200]]);
  });
});
