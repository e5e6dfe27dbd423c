import { ProtocolError } from "@sock/codec";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_HEAD_LIMITS,
  type Head,
  HeadParser,
  REQUEST,
  RESPONSE,
  type RequestLine,
  type StatusLine,
} from "../src/head.ts";

interface Outcome<Line> {
  head?: Head<Line>;
  length?: number;
  code?: string;
  farewell?: string;
}

/** Parses whole, and byte by byte: the same comes of it. `behind` stands behind the head. */
function parse<Line>(
  kind: typeof REQUEST | typeof RESPONSE,
  text: string,
  limits?: object,
  behind = "",
): Outcome<Line> {
  const bytes = Buffer.from(text + behind, "latin1");
  const whole = run<Line>(kind, [bytes], limits);
  const dripped = run<Line>(
    kind,
    Array.from(bytes, (_, at) => bytes.subarray(0, at + 1)),
    limits,
  );
  expect(plain(dripped)).toEqual(plain(whole));
  return whole;
}

function run<Line>(kind: typeof REQUEST | typeof RESPONSE, views: Buffer[], limits?: object): Outcome<Line> {
  const parser = new HeadParser<unknown>(kind, { ...DEFAULT_HEAD_LIMITS, ...limits });
  try {
    for (const view of views) {
      const length = parser.scan(view);
      // Asked again, it says the same.
      expect(parser.scan(view)).toBe(length);
      if (length > 0) return { length, head: parser.take(view) as Head<Line> };
    }
    return {};
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    return { code: error.code, farewell: error.farewell as string };
  }
}

function plain<Line>({ head, ...rest }: Outcome<Line>): unknown {
  return { ...rest, head: head && { ...head, fields: [...head.fields] } };
}

const request = (text: string, limits?: object, behind?: string) =>
  parse<RequestLine>(REQUEST, text, limits, behind);
const response = (text: string) => parse<StatusLine>(RESPONSE, text);

describe("a head that is right", () => {
  test("a request", () => {
    const { head, length } = request("GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", {}, "behind");
    expect(head).toMatchObject({ method: "GET", target: "/a?b", minor: 1 });
    expect([...head!.fields]).toEqual([
      ["Host", "x"],
      ["Accept", "*/*"],
    ]);
    expect(length).toBe(43);
  });

  test("a response", () => {
    const { head } = response("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n");
    expect(head).toMatchObject({ status: 404, reason: "Not Found", minor: 1 });
  });

  test("no fields", () => {
    expect(request("GET / HTTP/1.0\r\n\r\n").head!.fields.size).toBe(0);
  });

  test("one head after the other", () => {
    const parser = new HeadParser(REQUEST);
    const bytes = Buffer.from("GET /1 HTTP/1.1\r\nA: 1\r\n\r\nGET /2 HTTP/1.1\r\nB: 2\r\n\r\n");
    const first = parser.take(bytes.subarray(0, parser.scan(bytes)));
    const rest = bytes.subarray(25);
    const second = parser.take(rest.subarray(0, parser.scan(rest)));
    expect([first.target, [...first.fields], second.target, [...second.fields]]).toEqual([
      "/1",
      [["A", "1"]],
      "/2",
      [["B", "2"]],
    ]);
  });

  const rows: [what: string, text: string, fields: [string, string][]][] = [
    ["spaces and tabs around a value go", "A: \t b \t", [["A", "b"]]],
    ["those within stay", "A: b \t c", [["A", "b \t c"]]],
    ["no space is needed", "A:b", [["A", "b"]]],
    ["a value may be empty", "A:", [["A", ""]]],
    ["or blank", "A:  \t ", [["A", ""]]],
    ["a value may have colons", "A: b:c:d", [["A", "b:c:d"]]],
    ["bytes above ASCII are latin1", "A: \xe9\xff", [["A", "éÿ"]]],
    ["a no-break space is no blank", "A: \xa0b\xa0", [["A", "\xa0b\xa0"]]],
    ["a name is any token", "!#$%&'*+-.^_`|~09azAZ: b", [["!#$%&'*+-.^_`|~09azAZ", "b"]]],
    [
      "names repeat, and keep their order",
      "A: 1\r\nB: 2\r\na: 3",
      [
        ["A", "1"],
        ["B", "2"],
        ["a", "3"],
      ],
    ],
    [
      "names of prototypes are names",
      "__proto__: 1\r\nconstructor: 2",
      [
        ["__proto__", "1"],
        ["constructor", "2"],
      ],
    ],
  ];
  test.each(rows)("%s", (_, text, fields) => {
    expect([...request(`GET / HTTP/1.1\r\n${text}\r\n\r\n`).head!.fields]).toEqual(fields);
  });
});

describe("a head that is wrong", () => {
  const rows: [what: string, code: string, text: string][] = [
    ["a line that ends with LF alone", "HTTP_LINE_END", "GET / HTTP/1.1\nHost: x\r\n\r\n"],
    ["a field that does", "HTTP_LINE_END", "GET / HTTP/1.1\r\nHost: x\n\r\n"],
    ["an empty line that does", "HTTP_LINE_END", "GET / HTTP/1.1\r\nHost: x\r\n\n"],
    ["nothing but LF", "HTTP_LINE_END", "\n"],
    ["CR within a value", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"],
    ["CR before CR LF", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\r\r\n\r\n"],
    ["CR within the first line", "HTTP_START_LINE", "GET /\r HTTP/1.1\r\n\r\n"],
    ["a folded line", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"],
    ["a folded line with a tab", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n"],
    ["a folded line before any field", "HTTP_FIELD", "GET / HTTP/1.1\r\n A: b\r\n\r\n"],
    ["a space before the colon", "HTTP_FIELD", "GET / HTTP/1.1\r\nA : b\r\n\r\n"],
    ["a tab before the colon", "HTTP_FIELD", "GET / HTTP/1.1\r\nA\t: b\r\n\r\n"],
    ["no colon", "HTTP_FIELD", "GET / HTTP/1.1\r\nA\r\n\r\n"],
    ["no name", "HTTP_FIELD", "GET / HTTP/1.1\r\n: b\r\n\r\n"],
    ["a name with a letter that is none", "HTTP_FIELD", "GET / HTTP/1.1\r\nA@: b\r\n\r\n"],
    ["a name above ASCII", "HTTP_FIELD", "GET / HTTP/1.1\r\n\xe9: b\r\n\r\n"],
    ["NUL in a name", "HTTP_FIELD", "GET / HTTP/1.1\r\nA\0: b\r\n\r\n"],
    ["NUL in a value", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\0\r\n\r\n"],
    ["a control in a value", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n"],
    ["DEL in a value", "HTTP_FIELD", "GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n"],
    ["two empty lines first", "HTTP_START_LINE", "\r\n\r\nGET / HTTP/1.1\r\n\r\n"],
    ["no version, as in HTTP/0.9", "HTTP_START_LINE", "GET /\r\n\r\n"],
    ["two spaces", "HTTP_START_LINE", "GET  / HTTP/1.1\r\n\r\n"],
    ["a tab for a space", "HTTP_START_LINE", "GET\t/ HTTP/1.1\r\n\r\n"],
    ["a space at the end", "HTTP_START_LINE", "GET / HTTP/1.1 \r\n\r\n"],
    ["a space first", "HTTP_START_LINE", " GET / HTTP/1.1\r\n\r\n"],
    ["a method that is no token", "HTTP_START_LINE", "G@T / HTTP/1.1\r\n\r\n"],
    ["a target above ASCII", "HTTP_START_LINE", "GET /\xe9 HTTP/1.1\r\n\r\n"],
    ["a target with NUL", "HTTP_START_LINE", "GET /\0 HTTP/1.1\r\n\r\n"],
    ["a target with a fragment", "HTTP_START_LINE", "GET /#a HTTP/1.1\r\n\r\n"],
    ["a version in small letters", "HTTP_START_LINE", "GET / http/1.1\r\n\r\n"],
    ["a version of one number", "HTTP_START_LINE", "GET / HTTP/1\r\n\r\n"],
    ["a version of many digits", "HTTP_START_LINE", "GET / HTTP/1.10\r\n\r\n"],
    ["HTTP/2.0", "HTTP_VERSION", "GET / HTTP/2.0\r\n\r\n"],
    ["HTTP/0.9", "HTTP_VERSION", "GET / HTTP/0.9\r\n\r\n"],
    ["the greeting of TLS", "HTTP_LINE_END", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\n"],
  ];
  test.each(rows)("%s: %s", (_, code, text) => {
    const outcome = request(text);
    expect(outcome.code).toBe(code);
    expect(outcome.farewell).toMatch(code === "HTTP_VERSION" ? /^HTTP\/1\.1 505 / : /^HTTP\/1\.1 400 /);
  });

  const answers: [what: string, code: string, text: string][] = [
    ["no space behind the status", "HTTP_START_LINE", "HTTP/1.1 200\r\n\r\n"],
    ["a status of two digits", "HTTP_START_LINE", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status of four", "HTTP_START_LINE", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["a status that begins with 0", "HTTP_START_LINE", "HTTP/1.1 099 OK\r\n\r\n"],
    ["NUL in the reason", "HTTP_START_LINE", "HTTP/1.1 200 O\0K\r\n\r\n"],
    ["another version", "HTTP_VERSION", "HTTP/3.0 200 OK\r\n\r\n"],
    ["a request", "HTTP_START_LINE", "GET / HTTP/1.1\r\n\r\n"],
  ];
  test.each(answers)("as an answer, %s: %s, and nothing is answered to it", (_, code, text) => {
    expect(response(text)).toEqual({ code, farewell: undefined });
  });
});

describe("how much a head may take", () => {
  const head = "GET / HTTP/1.1\r\nA: b\r\n\r\n";

  test("the limit, and no byte more", () => {
    expect(request(head, { maxHeadSize: head.length }).length).toBe(head.length);
    expect(request(head, { maxHeadSize: head.length - 1 }).code).toBe("HTTP_HEAD_SIZE");
    expect(request(head, { maxHeadSize: head.length - 1 }).farewell).toMatch(/^HTTP\/1\.1 431 /);
  });

  test("what stands behind it does not count", () => {
    expect(request(head, { maxHeadSize: head.length }, "x".repeat(100)).length).toBe(head.length);
  });

  test("a line that has not ended counts", () => {
    expect(request("GET /", { maxHeadSize: 5 })).toEqual({});
    expect(request("GET /a", { maxHeadSize: 5 }).code).toBe("HTTP_HEAD_SIZE");
  });

  test("what is wrong is told first, if it comes first", () => {
    expect(request(`GET / HTTP/1.1\nA: ${"b".repeat(100)}`, { maxHeadSize: 50 }).code).toBe("HTTP_LINE_END");
  });

  test("of two limits the nearer one is told, however the bytes were cut", () => {
    const line = `GET /${"a".repeat(10_000)} HTTP/1.1\r\n\r\n`;
    expect(request(line).code).toBe("HTTP_TARGET_SIZE");
    expect(request(`GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`).code).toBe("HTTP_TARGET_SIZE");
    expect(request(line, { maxHeadSize: 1000 }).code).toBe("HTTP_HEAD_SIZE");
  });

  test("a parser that has refused says the same again", () => {
    const bytes = Buffer.from(head);
    const parser = new HeadParser(REQUEST, { ...DEFAULT_HEAD_LIMITS, maxHeadSize: head.length - 1 });
    const scan = () => parser.scan(bytes);
    for (let nth = 0; nth < 3; nth++)
      expect(scan).toThrow(expect.objectContaining({ code: "HTTP_HEAD_SIZE" }));
  });

  test("fields by their number", () => {
    const fields = (count: number) => `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(count)}\r\n`;
    expect(request(fields(3), { maxFields: 3 }).head!.fields.size).toBe(3);
    expect(request(fields(4), { maxFields: 3 })).toMatchObject({
      code: "HTTP_FIELD_COUNT",
      farewell: expect.stringMatching(/ 431 /),
    });
  });
});

describe("looking up fields", () => {
  const { fields } = request("GET / HTTP/1.1\r\nA: 1\r\nB: 2, ,3,\r\na: 4\r\n__proto__: 5\r\n\r\n").head!;

  test("without regard to case", () => {
    expect([fields.get("b"), fields.get("B"), fields.has("b"), fields.has("c")]).toEqual([
      "2, ,3,",
      "2, ,3,",
      true,
      false,
    ]);
  });

  test("repeated ones joined, or each", () => {
    expect([fields.get("A"), fields.all("A"), fields.all("C")]).toEqual(["1, 4", ["1", "4"], []]);
  });

  test("lists by their elements, without the empty ones", () => {
    expect([fields.list("B"), fields.list("A"), fields.list("C")]).toEqual([["2", "3"], ["1", "4"], []]);
  });

  test("nothing comes from a prototype", () => {
    expect([fields.get("__proto__"), fields.get("constructor"), fields.get("toString")]).toEqual([
      "5",
      undefined,
      undefined,
    ]);
  });

  test("names that look alike only when folded beyond ASCII are others", () => {
    expect([fields.has("\u0131"), fields.has("\u00e1"), fields.get("A\0")]).toEqual([
      false,
      false,
      undefined,
    ]);
  });
});
