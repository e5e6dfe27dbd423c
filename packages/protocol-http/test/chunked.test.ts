import { describe, expect, test } from "vitest";
import type { HttpOptions } from "../src/index.ts";
import { received, Served, streaming } from "./server.ts";

// RFC 9112 7.1. Each body whole, byte by byte, and with the next request behind it.

const HEAD = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK = "HTTP_CHUNK";

const chunked = (body: string, options?: HttpOptions) => received(HEAD + body, options);
const bodyOf = (body: string) => chunked(body).requests[0]?.body;

describe("a body in chunks that is right", () => {
  const rows: [what: string, chunks: string, body: string][] = [
    ["nothing", "0\r\n\r\n", ""],
    ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"],
    ["several", "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"],
    ["sizes in capitals or not", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"],
    ["zeros before a size", "0005\r\nhello\r\n000\r\n\r\n", "hello"],
    ["sixteen digits", "0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello"],
    ["line ends in data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
    ["what looks like the end in data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"],
    ["what looks like a request in data", "10\r\nGET / HTTP/1.1\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\n"],
    ["bytes of all kinds", "4\r\n\0\xff\x80\x7f\r\n0\r\n\r\n", "\0\xff\x80\x7f"],
  ];
  test.each(rows)("%s", (_, chunks, body) => {
    expect(bodyOf(chunks)).toBe(body);
  });

  test("in small chunks and large ones", () => {
    const sizes = [1, 31, 32, 33, 1, 1000, 4096, 1];
    const pieces = sizes.map((size, nth) => String.fromCharCode(97 + nth).repeat(size));
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
    expect(bodyOf(`${chunks}0\r\n\r\n`)).toBe(pieces.join(""));
  });
});

describe("a size that is none", () => {
  const rows: [what: string, size: string][] = [
    ["nothing", ""],
    ["a plus", "+5"],
    ["a minus", "-5"],
    ["a minus before zero", "-0"],
    ["0x", "0x5"],
    ["0X", "0X5"],
    ["an underscore", "1_0"],
    ["a space before it", " 5"],
    ["a space behind it", "5 "],
    ["a tab behind it", "5\t"],
    ["a space within", "5 5"],
    ["a letter behind f", "g"],
    ["a letter behind a digit", "5g"],
    ["a point", "5.0"],
    ["an exponent's plus", "5e+1"],
    ["a comma", "5,5"],
    ["quotes", '"5"'],
    ["NUL", "5\0"],
    ["a vertical tab", "\v5"],
    ["a digit of another script", "\u0665"],
    ["2^53", "20000000000000"],
    ["2^64 + 5, which wraps to 5 in 64 bits", "10000000000000005"],
    ["2^64 - 1, which is -1", "ffffffffffffffff"],
    ["2^32 + 5 with a size that is too large in front", "fffffffffffffff5"],
    ["seventeen digits, most of them zeros", "00000000000000005"],
    ["zeros without end", "0".repeat(1000)],
    ["CR within", "5\r5"],
    ["two CR", "5\r"],
  ];
  test.each(rows)("%s: 400", (_, size) => {
    const bytes = Buffer.from(`${HEAD}${size}\r\nhello\r\n0\r\n\r\n`);
    expect(received(bytes)).toMatchObject({ status: 400, code: CHUNK, requests: [] });
  });

  test("of up to 2^53 - 1 is believed, and then too large for a body that is wanted whole: 413", () => {
    expect(chunked("1fffffffffffff\r\n")).toMatchObject({ status: 413, code: "HTTP_BODY_SIZE" });
    expect(chunked("fffffffffffff\r\n")).toMatchObject({ status: 413, code: "HTTP_BODY_SIZE" });
  });
});

describe("lines and chunks end with CR LF and nothing else", () => {
  const rows: [what: string, chunks: string][] = [
    ["LF behind a size", "5\nhello\r\n0\r\n\r\n"],
    ["LF behind an extension", "5;a\nhello\r\n0\r\n\r\n"],
    ["LF behind data", "5\r\nhello\n0\r\n\r\n"],
    ["CR and something else behind data", "5\r\nhello\rX0\r\n\r\n"],
    ["nothing behind data", "5\r\nhello0\r\n\r\n"],
    ["data that is longer than it says", "5\r\nhelloX\r\n0\r\n\r\n"],
    ["data that is shorter", "6\r\nhello\r\n0\r\n\r\n"],
    ["an empty line between chunks", "5\r\nhello\r\n\r\n0\r\n\r\n"],
    ["LF behind the last size", "0\n\r\n"],
    ["CR LF CR LF behind data", "5\r\nhello\r\n\r\n"],
  ];
  test.each(rows)("%s: 400", (_, chunks) => {
    expect(chunked(chunks)).toMatchObject({ status: 400, code: CHUNK, requests: [] });
  });

  const ends: [what: string, chunks: string, code: string][] = [
    ["XX in place of the last CR LF, Bun 29732", "0\r\nXX", "waits"],
    ["XX and a line end", "0\r\nXX\r\n\r\n", "HTTP_FIELD"],
    ["LF in place of the last CR LF", "0\r\n\n", "HTTP_LINE_END"],
    ["CR CR LF", "0\r\n\r\r\n", "HTTP_FIELD"],
  ];
  test.each(ends)("%s: never a request", (_, chunks, code) => {
    const served = new Served().receive(HEAD + chunks);
    expect([served.code ?? "waits", served.requests]).toEqual([code, []]);
  });
});

describe("extensions", () => {
  const right = [
    ";a",
    ";a=b",
    ";a=b;c",
    ';a="b"',
    ';a=""',
    ';a="b c;d=e,\t\xff"',
    ';a="\\""',
    ';a="\\\\"',
    `;${"a".repeat(1000)}`,
  ];
  test.each(right)("%s is read and left out", (extension) => {
    expect(bodyOf(`5${extension}\r\nhello\r\n0${extension}\r\n\r\n`)).toBe("hello");
  });

  const wrong = [
    ";",
    ";;a",
    ";=b",
    ";a=",
    ";a;",
    "; a",
    " ;a",
    ";a =b",
    ";a= b",
    ";a=b ",
    ";a=b c",
    ';a="b',
    ';a="b\\"',
    ';a="b"c',
    ';a="\\\x01"',
    ";a\0",
    ";a=\x7f",
    ";a=b\rc",
    ';a="\r"',
    ";@",
    ",a",
    "#a",
  ];
  test.each(wrong)("%j is refused: 400", (extension) => {
    expect(chunked(`5${extension}\r\nhello\r\n0\r\n\r\n`)).toMatchObject({ status: 400, code: CHUNK });
    expect(chunked(`0${extension}\r\n\r\n`)).toMatchObject({ status: 400, code: CHUNK });
  });

  test("a line end within quotes ends the line, CVE-2026-33870", () => {
    const smuggled = `1;a="\r\nX\r\n0\r\n\r\n${"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"}"\r\nY\r\n0\r\n\r\n`;
    expect(chunked(smuggled)).toMatchObject({ status: 400, code: CHUNK, requests: [] });
  });

  test("a line takes 4 KiB, CR included, and no byte more", () => {
    const line = (length: number) => `5;${"a".repeat(length - 3)}\r`;
    expect(line(4096).length).toBe(4096);
    expect(bodyOf(`${line(4096)}\nhello\r\n0\r\n\r\n`)).toBe("hello");
    expect(chunked(`${line(4097)}\nhello\r\n0\r\n\r\n`)).toMatchObject({ status: 400, code: CHUNK });
  });

  test("all of a body take 16 KiB, and no byte more, CVE-2024-22019", () => {
    const line = (extensions: number) => `1;${"a".repeat(extensions - 1)}\r\nx\r\n`;
    const nearly = line(4000).repeat(4);
    expect(bodyOf(`${nearly}${line(384)}0\r\n\r\n`)).toBe("xxxxx");
    expect(chunked(`${nearly}${line(385)}0\r\n\r\n`)).toMatchObject({ status: 400, code: CHUNK });
  });
});

describe("trailers", () => {
  test("come apart from the headers", () => {
    const [request] = chunked("1\r\nx\r\n0\r\nA: 1\r\nB:2 \r\na: 3\r\n\r\n").requests;
    expect(request).toMatchObject({
      body: "x",
      trailers: [
        ["A", "1"],
        ["B", "2"],
        ["a", "3"],
      ],
    });
    expect(request?.fields).toEqual([
      ["Host", "x"],
      ["Transfer-Encoding", "chunked"],
    ]);
  });

  test("count for nothing: not for the length, the host or the connection", () => {
    const trailers =
      "Content-Length: 5\r\nTransfer-Encoding: gzip\r\nHost: y\r\nConnection: close\r\nExpect: x\r\n";
    const served = new Served().receive(`${HEAD}0\r\n${trailers}\r\n`).send("ok");
    expect([served.request.host, served.request.headers.get("connection")]).toEqual(["x", undefined]);
    expect([served.statuses, served.isEnded]).toEqual([[200], false]);
  });

  test("names of prototypes are names", () => {
    const served = new Served().receive(`${HEAD}0\r\n__proto__: 1\r\n\r\n`);
    expect([served.request.trailers?.get("__proto__"), served.request.trailers?.get("constructor")]).toEqual([
      "1",
      undefined,
    ]);
  });

  test("without chunked there are none", () => {
    const served = new Served().receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    expect(served.request.trailers).toBeUndefined();
  });

  const wrong: [what: string, lines: string, code: string][] = [
    ["a folded line", "A: b\r\n c\r\n\r\n", "HTTP_FIELD"],
    ["a folded line first", " A: b\r\n\r\n", "HTTP_FIELD"],
    ["a space before the colon", "A : b\r\n\r\n", "HTTP_FIELD"],
    ["no name", ": b\r\n\r\n", "HTTP_FIELD"],
    ["no colon", "A\r\n\r\n", "HTTP_FIELD"],
    ["NUL", "A: \0\r\n\r\n", "HTTP_FIELD"],
    ["CR", "A: b\rc\r\n\r\n", "HTTP_FIELD"],
    ["LF", "A: b\n\r\n", "HTTP_LINE_END"],
    ["a request", "GET / HTTP/1.1\r\n\r\n", "HTTP_FIELD"],
  ];
  test.each(wrong)("with %s: 400", (_, lines, code) => {
    expect(chunked(`1\r\nx\r\n0\r\n${lines}`)).toMatchObject({ status: 400, code, requests: [] });
  });

  test("take as much as a head may, in bytes and in number", () => {
    const options = { maxHeadSize: 100, maxHeadFields: 3 };
    const fields = (count: number) => `0\r\n${"A: b\r\n".repeat(count)}\r\n`;
    expect(chunked(fields(3), options).requests.length).toBe(1);
    expect(chunked(fields(4), options)).toMatchObject({ status: 431, code: "HTTP_FIELD_COUNT" });
    const size = (bytes: number) => `0\r\nA: ${"b".repeat(bytes - 7)}\r\n\r\n`;
    expect(chunked(size(100), options).requests.length).toBe(1);
    expect(chunked(size(101), options)).toMatchObject({ status: 431, code: "HTTP_HEAD_SIZE" });
  });
});

describe("a body that is too large", () => {
  test("is refused when a size says so, before its data comes: 413", () => {
    expect(chunked("5\r\nhello\r\n", { maxBodySize: 5 })).toMatchObject({
      status: undefined,
      code: undefined,
    });
    expect(chunked("5\r\nhello\r\n1\r\n", { maxBodySize: 5 })).toMatchObject({ status: 413, requests: [] });
    expect(chunked("6\r\n", { maxBodySize: 5 })).toMatchObject({ status: 413, requests: [] });
    expect(chunked("5\r\nhello\r\n0\r\n\r\n", { maxBodySize: 5 }).requests[0]?.body).toBe("hello");
  });
});

describe("read as it comes", () => {
  const rows: [what: string, chunks: string, code: string][] = [
    ["a size that is none", "5\r\nhello\r\n-1\r\n", CHUNK],
    ["a chunk that is too long", "5\r\nhelloX", CHUNK],
    ["a trailer that is none", "5\r\nhello\r\n0\r\nA\r\n", "HTTP_FIELD"],
    ["a body that is too large", "5\r\nhello\r\nffff\r\n", "HTTP_BODY_SIZE"],
  ];
  test.each(rows)(
    "%s: what came before is read, then it breaks, in whatever pieces",
    async (_, chunks, code) => {
      for (const size of [1, 3, 7, 1000]) {
        const served = streaming({ maxBodySize: 1000 });
        served.receive(HEAD);
        for (let at = 0; at < chunks.length; at += size) served.receive(chunks.slice(at, at + size));
        let read = "";
        const reading = (async () => {
          for await (const piece of served.request.body) read += piece;
        })();
        await expect(reading).rejects.toMatchObject({ code });
        expect([size, read]).toEqual([size, "hello"]);
      }
    },
  );
});
