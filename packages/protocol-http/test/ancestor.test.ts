import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { received, Served } from "./server.ts";

// Where the ancestor's server (3.5, 5.2) and RFC 9112 part. Each says what the peer gets and what our side sees.

function head(line: string, ...fields: string[]): string {
  return `${line}\r\n${fields.map((one) => `${one}\r\n`).join("")}\r\n`;
}

const ask = (line: string, ...fields: string[]) =>
  new Served().receive(head(line, "Host: x", ...fields)).send("hello");

describe("methods", () => {
  test("FOO is the handler's to answer (there: 400, and the connection stays open, later closed)", () => {
    const served = ask("FOO / HTTP/1.1");
    expect([served.request.method, served.statuses, served.isEnded]).toEqual(["FOO", [200], false]);
  });

  test.each(["GET", "OPTIONS", "HEAD", "DELETE"])(
    "the body of %s is read (there: taken for the next request)",
    (method) => {
      const body = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
      const served = new Served().receive(
        head(`${method} / HTTP/1.1`, "Host: x", `Content-Length: ${body.length}`) + body,
      );
      expect([served.requests.length, served.request.body.toString()]).toEqual([1, body]);
    },
  );

  test("POST without a length has no body (there: waits for ever, later 200)", () => {
    expect(ask("POST / HTTP/1.1").statuses).toEqual([200]);
  });

  test("HEAD gets no body (there: it does)", () => {
    const served = ask("HEAD / HTTP/1.1");
    expect(served.sent).toMatch(/\r\nContent-Length: 5\r\n\r\n$/);
  });
});

describe("connections", () => {
  test("GET of HTTP/1.1 is answered, and the connection kept (there: the same)", () => {
    const served = ask("GET / HTTP/1.1");
    expect([served.statuses, served.isEnded]).toEqual([[200], false]);
  });

  test("Connection: close closes (there: ignored, the connection stays open)", () => {
    const served = ask("GET / HTTP/1.1", "Connection: close");
    expect([served.isEnded, served.sent.includes("\r\nConnection: close\r\n")]).toEqual([true, true]);
  });

  test("HTTP/1.0 closes (there: keep-alive, and stays open)", () => {
    const served = ask("GET / HTTP/1.0");
    expect([served.isEnded, served.sent.includes("\r\nConnection: close\r\n")]).toEqual([true, true]);
  });

  test("two requests in one segment are two (there: the same)", () => {
    const served = new Served();
    served.onRequest = ({ path }) => void served.send(path);
    served.receive(head("GET /1 HTTP/1.1", "Host: x") + head("GET /2 HTTP/1.1", "Host: x"));
    expect(served.answers().map(({ body }) => body)).toEqual(["/1", "/2"]);
  });

  test("a POST with its body and a GET too (there: the same)", () => {
    const served = new Served();
    served.onRequest = ({ body }) => void served.send(body);
    served.receive(
      `${head("POST / HTTP/1.1", "Host: x", "Content-Length: 5")}hello${head("GET / HTTP/1.1", "Host: x")}`,
    );
    expect(served.answers().map(({ body }) => body)).toEqual(["hello", ""]);
  });

  test("they wait for each other's answers (there: both handlers run)", async () => {
    const served = new Served();
    served.onRequest = async ({ path }) => {
      if (path === "/slow") await turn();
      served.send(path);
    };
    served.receive(head("GET /slow HTTP/1.1", "Host: x") + head("GET /fast HTTP/1.1", "Host: x"));
    while (served.answers().length < 2) await turn();
    expect(served.answers().map(({ body }) => body)).toEqual(["/slow", "/fast"]);
  });

  test("an exception in a handler is a 500 for its client (there: the process ends)", () => {
    const served = new Served();
    served.onRequest = () => {
      throw new Error("a bug");
    };
    served.receive(head("GET / HTTP/1.1", "Host: x")).farewell({ why: "fault", error: served.error });
    expect([served.statuses, served.isEnded]).toEqual([[500], true]);
  });
});

describe("limits", () => {
  const size = (bytes: number) => {
    const [before, behind] = ["GET / HTTP/1.1\r\nHost: x\r\nA: ", "\r\n\r\n"];
    return `${before}${"a".repeat(bytes - before.length - behind.length)}${behind}`;
  };

  test("a head of 16,384 bytes is the largest (there: 16,383, and no limit before that)", () => {
    expect(received(size(16_384)).requests.length).toBe(1);
    expect(received(size(16_385))).toMatchObject({ status: 431, code: "HTTP_HEAD_SIZE" });
  });

  test("one of 17 KB: 431, and closed (there: 200, later the same)", () => {
    expect(received(size(17_000))).toMatchObject({ status: 431, requests: [] });
  });

  test("a length over 10 MiB: 413 (there: the same)", () => {
    const bytes = head("POST / HTTP/1.1", "Host: x", "Content-Length: 10485761");
    expect(received(bytes)).toMatchObject({ status: 413, code: "HTTP_BODY_SIZE" });
  });

  test("chunks that come to more: 413 (there: not read, later the same)", () => {
    const bytes = `${head("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked")}a00001\r\n`;
    expect(received(bytes)).toMatchObject({ status: 413, code: "HTTP_BODY_SIZE" });
  });
});

describe("answers", () => {
  test("a text is plain text in UTF-8 (there: HTML)", () => {
    expect(ask("GET / HTTP/1.1").sent).toContain("\r\nContent-Type: text/plain; charset=utf-8\r\n");
  });

  test("no Server is named, keep-alive is not said where it holds, and there is a Date (there: all the other way)", () => {
    const served = new Served({ date: true }).receive(head("GET / HTTP/1.1", "Host: x")).send("hello");
    expect(served.answers()[0]?.fields.map(([name]) => name)).toEqual([
      "Date",
      "Content-Type",
      "Content-Length",
    ]);
  });

  test("CR and LF in a header are the caller's mistake (there: sent, later left out)", () => {
    const served = new Served().receive(head("GET / HTTP/1.1", "Host: x"));
    expect(() => served.send({ headers: { A: "b\r\nC: d" } })).toThrow(TypeError);
  });
});

// The cases of the ancestor's tests of 2026, as behaviours. Stricter there: seven methods only, no address but a path.
describe("requests that it refuses", () => {
  const lines: [line: string, ours: string][] = [
    ["GET / HTTP/2.0", "HTTP_VERSION"],
    ["GET / HTTP/1", "HTTP_START_LINE"],
    ["GET / HTTP/1.10", "HTTP_START_LINE"],
    ["GET / HTTP/0.9", "HTTP_VERSION"],
    ["GET / http/1.1", "HTTP_START_LINE"],
    ["GET /", "HTTP_START_LINE"],
    ["GET HTTP/1.1", "HTTP_START_LINE"],
    ["GET  / HTTP/1.1", "HTTP_START_LINE"],
    ["GET /  HTTP/1.1", "HTTP_START_LINE"],
    ["GET / HTTP/1.1 ", "HTTP_START_LINE"],
    [" GET / HTTP/1.1", "HTTP_START_LINE"],
    ["GET\t/ HTTP/1.1", "HTTP_START_LINE"],
    ["GET /a b HTTP/1.1", "HTTP_START_LINE"],
    ["GET /\0 HTTP/1.1", "HTTP_START_LINE"],
    ["GET /\x7f HTTP/1.1", "HTTP_START_LINE"],
    ["GET a HTTP/1.1", "HTTP_TARGET"],
    ["GET * HTTP/1.1", "HTTP_TARGET"],
    ["G(T / HTTP/1.1", "HTTP_START_LINE"],
  ];
  test.each(lines)("%j: %s", (line, code) => {
    expect(received(head(line, "Host: x"))).toMatchObject({
      status: code === "HTTP_VERSION" ? 505 : 400,
      code,
    });
  });

  test.each(["GET http://x/a HTTP/1.1", "OPTIONS * HTTP/1.1", "PURGE /a HTTP/1.1", "GET / HTTP/1.9"])(
    "and that we do not: %s",
    (line) => {
      expect(received(head(line, "Host: x")).requests.length).toBe(1);
    },
  );

  const names = [
    "",
    " A",
    "A ",
    "A\t",
    "A(",
    "A)",
    "A<",
    "A@",
    "A,",
    "A;",
    "A\\",
    'A"',
    "A/",
    "A[",
    "A]",
    "A?",
    "A=",
    "A{",
    "A}",
    "A\x80",
  ];
  test.each(names)("a field named %j: 400", (name) => {
    expect(received(head("GET / HTTP/1.1", "Host: x", `${name}: b`))).toMatchObject({
      status: 400,
      code: "HTTP_FIELD",
    });
  });

  const framings: [status: number, ...fields: string[]][] = [
    [400, "Content-Length: 5", "Content-Length: 5"],
    [400, "Content-Length: 5", "Transfer-Encoding: chunked"],
    [400, "Content-Length: a"],
    [400, "Content-Length: -1"],
    [400, "Content-Length: 1.5"],
    [400, "Content-Length:"],
    [400, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    [501, "Transfer-Encoding: gzip, chunked"],
    [501, "Transfer-Encoding: identity"],
    [400, "Transfer-Encoding:"],
  ];
  test.each(framings)("%i for %s %s (there: 400)", (status, ...fields) => {
    expect(received(head("POST / HTTP/1.1", "Host: x", ...fields))).toMatchObject({ status, requests: [] });
  });
});
