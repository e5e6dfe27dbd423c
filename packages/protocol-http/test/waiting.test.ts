import { describe, expect, test } from "vitest";
import { Served, streaming } from "./server.ts";

// Pieces of requests that may still become right: nothing may be said of them yet, and nobody may hear of them.

const POST = "POST / HTTP/1.1\r\nHost: x\r\n";

const pieces: string[] = [
  "G",
  "GET",
  "GET ",
  "GET /",
  "GET /hello",
  "GET /hello ",
  "GET /hello H",
  "GET /hello HTTP",
  "GET /hello HTTP/",
  "GET /hello HTTP/1",
  "GET /hello HTTP/1.",
  "GET /hello HTTP/1.1",
  "GET /hello HTTP/1.1\r",
  "GET /hello HTTP/1.1\r\n",
  "GET /hello HTTP/1.1\r\nH",
  "GET /hello HTTP/1.1\r\nHost",
  "GET /hello HTTP/1.1\r\nHost:",
  "GET /hello HTTP/1.1\r\nHost: ",
  "GET /hello HTTP/1.1\r\nHost: x",
  "GET /hello HTTP/1.1\r\nHost: x\r",
  "GET /hello HTTP/1.1\r\nHost: x\r\n",
  "GET /hello HTTP/1.1\r\nHost: x\r\n\r",
  "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
  "\r",
  "\r\n",
  "\r\nGET",
  `${POST}Content-Length: 5\r\n\r`,
  `${POST}Content-Length: 5\r\n\r\n`,
  `${POST}Content-Length: 5\r\n\r\nhell`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5;`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5;a="b`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhell`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n`,
];

describe("nothing is answered yet, and nobody is told", () => {
  test.each(pieces)("%j", (piece) => {
    for (const served of [new Served().receive(piece), new Served().drip(piece)])
      expect([served.sent, served.requests, served.error, served.isEnded]).toEqual([
        "",
        [],
        undefined,
        false,
      ]);
  });

  test.each(pieces)("%j behind another request", (piece) => {
    const served = new Served().receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n").send("ok");
    const { sent } = served;
    served.drip(piece);
    expect([served.sent, served.requests.length, served.error, served.isEnded]).toEqual([
      sent,
      1,
      undefined,
      false,
    ]);
  });
});

const whole: [request: string, wantsMore: boolean][] = [
  ["GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", false],
  ["\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n", false],
  [`${POST}Content-Length: 5\r\n\r\nhello`, false],
  [`${POST}Transfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0\r\nA: b\r\n\r\n`, false],
];

describe("at every byte before the last nothing is said; at the last one the request is there", () => {
  test.each(whole)("%j", (request) => {
    const served = new Served();
    for (const [nth, byte] of [...request].entries()) {
      expect([nth, served.requests.length]).toEqual([nth, 0]);
      served.receive(byte);
    }
    expect([served.requests.length, served.sent]).toEqual([1, ""]);
    // With any byte behind it, it is the same.
    for (let byte = 0; byte < 256; byte++) {
      const followed = new Served().receive(Buffer.concat([Buffer.from(request), Buffer.of(byte)]));
      expect([followed.requests.length, followed.sent, followed.error]).toEqual([1, "", undefined]);
    }
  });

  test("bodies that are read as they come: their request is there with its head, and still nothing is said", () => {
    for (const [request] of whole) {
      const served = streaming().drip(request);
      expect([served.requests.length, served.sent, served.request.body.hasEnded]).toEqual([1, "", true]);
    }
  });
});
