import { asBuffer } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BadBody, type BodyLength, hasBody, requestBody, responseBody } from "../src/body.ts";
import { type Fields, HeadParser, REQUEST } from "../src/head.ts";
import { received } from "./server.ts";

// How long a body is: RFC 9112 6. Where two recipients could read two lengths, requests are smuggled.

function fieldsOf(lines: readonly string[]): Fields {
  const parser = new HeadParser(REQUEST);
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`, "latin1");
  return parser.take(asBuffer(bytes.subarray(0, parser.scan(bytes)))).fields;
}

const told = (length: BodyLength | BadBody) => (typeof length === "object" ? length.status : length);
const asked = (lines: readonly string[], method = "POST", minor = 1) =>
  told(requestBody(method, minor, fieldsOf(lines)));
const answered = (lines: readonly string[], method = "GET", status = 200, minor = 1) =>
  told(responseBody(method, status, minor, fieldsOf(lines)));

const CHUNKED = "Transfer-Encoding: chunked";

describe("a request's body", () => {
  const rows: [what: string, lines: string[], length: number | "chunked"][] = [
    ["6.3, 7: none without a word of it", [], 0],
    ["6.2: so many bytes", ["Content-Length: 5"], 5],
    ["6.2: none", ["Content-Length: 0"], 0],
    ["9110 8.6: zeros in front", ["Content-Length: 0005"], 5],
    ["as many as a double counts", ["Content-Length: 999999999999999"], 999_999_999_999_999],
    ["6.1: in chunks", [CHUNKED], "chunked"],
    ["9110 10.1.4: codings have no case", ["transfer-encoding: Chunked"], "chunked"],
    ["5.1: blanks around a value are none of it", ["Transfer-Encoding: \t chunked \t"], "chunked"],
    ["5.1: nor of a number", ["Content-Length:\t5 "], 5],
  ];
  test.each(rows)("%s", (_, lines, length) => expect(asked(lines)).toBe(length));

  const lengths: [what: string, ...lines: string[]][] = [
    ["6.3, 5: two that differ", "Content-Length: 5", "Content-Length: 6"],
    ["6.3, 5: two that do not, which may be refused", "Content-Length: 5", "Content-Length: 5"],
    ["6.3, 5: a list", "Content-Length: 5, 6"],
    ["6.3, 5: a list of equals", "Content-Length: 5, 5"],
    ["6.3, 5: a list without a blank", "Content-Length: 5,5"],
    ["a list that ends with nothing", "Content-Length: 5,"],
    ["two, one empty", "Content-Length: 5", "Content-Length:"],
    ["two that differ by case", "content-length: 5", "CONTENT-LENGTH: 5"],
    ["9110 8.6, nothing", "Content-Length:"],
    ["a plus", "Content-Length: +5"],
    ["a minus", "Content-Length: -5"],
    ["a minus before zero", "Content-Length: -0"],
    ["0x", "Content-Length: 0x5"],
    ["an octal's o", "Content-Length: 0o5"],
    ["a letter", "Content-Length: 5a"],
    ["a hexadecimal digit", "Content-Length: a"],
    ["a point", "Content-Length: 5.0"],
    ["an exponent", "Content-Length: 5e1"],
    ["an underscore", "Content-Length: 1_0"],
    ["a blank within", "Content-Length: 5 5"],
    ["quotes", 'Content-Length: "5"'],
    ["a no-break space", "Content-Length: 5\xa0"],
    ["a superscript", "Content-Length: \xb2"],
    ["sixteen digits", "Content-Length: 1000000000000000"],
    ["2^64 + 5", "Content-Length: 18446744073709551621"],
    ["Infinity", "Content-Length: Infinity"],
  ];
  test.each(lengths)("a Content-Length that cannot be told, %s: 400", (_, ...lines) => {
    expect(asked(lines)).toBe(400);
  });

  const codings: [what: string, status: 400 | 501, ...lines: string[]][] = [
    ["6.3, 3: with a Content-Length", 400, CHUNKED, "Content-Length: 5"],
    ["6.3, 3: behind one", 400, "Content-Length: 5", CHUNKED],
    ["6.3, 3: with an empty one", 400, CHUNKED, "Content-Length:"],
    ["6.3, 3: another coding with a length", 400, "Transfer-Encoding: gzip", "Content-Length: 5"],
    ["6.3, 4: chunked not last", 501, "Transfer-Encoding: chunked, gzip"],
    ["6.1: chunked twice", 400, "Transfer-Encoding: chunked, chunked"],
    ["6.1: chunked twice, in two lines", 400, CHUNKED, CHUNKED],
    ["6.1: another that is not known", 501, "Transfer-Encoding: gzip"],
    ["6.1: in front of chunked too", 501, "Transfer-Encoding: gzip, chunked"],
    ["6.1: in two lines", 501, "Transfer-Encoding: gzip", CHUNKED],
    ["identity, of RFC 2616", 501, "Transfer-Encoding: identity"],
    ["identity and chunked", 501, "Transfer-Encoding: identity", CHUNKED],
    ["nothing", 400, "Transfer-Encoding:"],
    ["a comma", 400, "Transfer-Encoding: ,"],
    ["chunked and nothing", 400, "Transfer-Encoding: chunked,"],
    ["nothing and chunked", 400, "Transfer-Encoding: , chunked"],
    ["chunked and an empty line", 400, CHUNKED, "Transfer-Encoding:"],
    ["with a parameter", 400, "Transfer-Encoding: chunked;a=b"],
    ["quoted", 400, 'Transfer-Encoding: "chunked"'],
    ["two words", 400, "Transfer-Encoding: chunked chunked"],
    ["with a letter more", 501, "Transfer-Encoding: xchunked"],
    ["with a no-break space", 400, "Transfer-Encoding: chunked\xa0"],
  ];
  test.each(codings)("a Transfer-Encoding, %s: %i", (_, status, ...lines) => {
    expect(asked(lines)).toBe(status);
  });

  test("6.1: nothing is in chunks before HTTP/1.1: 400", () => {
    expect(asked([CHUNKED], "POST", 0)).toBe(400);
    expect(asked(["Content-Length: 5"], "POST", 0)).toBe(5);
  });

  test("any method may have one, 9110 9.3; but what follows CONNECT is the tunnel's", () => {
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PURGE"])
      expect(asked(["Content-Length: 5"], method)).toBe(5);
    expect(asked([], "CONNECT")).toBe(0);
    expect(asked(["Content-Length: 0"], "CONNECT")).toBe(0);
    expect(asked(["Content-Length: 5"], "CONNECT")).toBe(400);
    expect(asked([CHUNKED], "CONNECT")).toBe(400);
  });

  test("fields of like names are others", () => {
    expect(
      asked(["Content-Length-: 5", "Content_Length: 5", "Content-Lengt: 5", "Transfer_Encoding: chunked"]),
    ).toBe(0);
  });

  test("property: of all that a Content-Length may say, ASCII digits alone are a length", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789+-., \t_xXeEa\xa0\xb2") }), (text) => {
        const value = text.replace(/^[ \t]+|[ \t]+$/g, "");
        const expected = /^[0-9]{1,15}$/.test(value) ? Number(value) : 400;
        expect(asked([`Content-Length: ${text}`])).toBe(expected);
      }),
    );
  });
});

describe("an answer's body", () => {
  const rows: [what: string, length: unknown, lines: string[], method: string, status: number][] = [
    ["so many bytes", 5, ["Content-Length: 5"], "GET", 200],
    ["in chunks", "chunked", [CHUNKED], "GET", 200],
    ["6.3, 8: without a word, to the end of the connection", "close", [], "GET", 200],
    ["6.3, 1: none to HEAD", 0, ["Content-Length: 5"], "HEAD", 200],
    ["6.3, 1: none to HEAD, in chunks or not", 0, [CHUNKED], "HEAD", 200],
    ["6.3, 1: none with 204", 0, ["Content-Length: 5"], "GET", 204],
    ["6.3, 1: none with 304", 0, ["Content-Length: 5"], "GET", 304],
    ["6.3, 1: none with 1xx", 0, ["Content-Length: 5"], "GET", 103],
    ["6.3, 2: none with 2xx to CONNECT", 0, ["Content-Length: 5"], "CONNECT", 200],
    ["with another status to CONNECT, like others", 5, ["Content-Length: 5"], "CONNECT", 407],
    ["205 has one, if it says so", 5, ["Content-Length: 5"], "GET", 205],
    [
      "a length that cannot be told is an error even where none counts",
      400,
      ["Content-Length: +5"],
      "HEAD",
      200,
    ],
  ];
  test.each(rows)("%s", (_, length, lines, method, status) => {
    expect(answered(lines, method, status)).toBe(length);
  });

  test("hasBody says what its head does not", () => {
    expect([hasBody("GET", 200), hasBody("HEAD", 200), hasBody("GET", 204), hasBody("GET", 304)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("at a server", () => {
  const head = (...lines: string[]) =>
    `POST / HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

  test("so many bytes are read, and no byte of the next request", () => {
    expect(received(`${head("Content-Length: 5")}hello`).requests[0]?.body).toBe("hello");
  });

  test("what looks like a request in a body is none", () => {
    const body = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    const { requests } = received(`${head(`Content-Length: ${body.length}`)}${body}`);
    expect(requests.map((request) => request.body)).toEqual([body]);
  });

  const refusals: [status: number, code: string, lines: string[]][] = [
    [400, "HTTP_FRAMING", ["Content-Length: 5", "Content-Length: 6"]],
    [400, "HTTP_FRAMING", ["Content-Length: 5", CHUNKED]],
    [501, "HTTP_TRANSFER_CODING", ["Transfer-Encoding: gzip, chunked"]],
    [413, "HTTP_BODY_SIZE", ["Content-Length: 10485761"]],
  ];
  test.each(refusals)("%i, %s, and the connection closes", (status, code, lines) => {
    const outcome = received(`${head(...lines)}0\r\n\r\n`);
    expect(outcome).toMatchObject({ status, code, requests: [] });
  });

  test("10 MiB are taken whole by default", () => {
    expect(received(head("Content-Length: 10485760"))).toMatchObject({ status: undefined, code: undefined });
  });
});
