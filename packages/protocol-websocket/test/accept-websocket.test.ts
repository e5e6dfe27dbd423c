import { Framed } from "@sock/codec";
import { HeadParser, REQUEST } from "@sock/protocol-http/head";
import { describe, expect, test } from "vitest";
import {
  type AcceptOptions,
  acceptWebSocket,
  type UpgradeRequest,
  type WebSocketNote,
  websocket,
} from "../src/index.ts";
import { bytesOf, close, readFrames, text } from "./frames.ts";
import { type Changes, End, request } from "./handshakes.ts";
import { REFUSED } from "./refused.ts";

/** The request as an HTTP server has it. */
function asked(changes: Changes = {}, line?: string): UpgradeRequest {
  const bytes = Buffer.from(request(changes, line), "latin1");
  const parser = new HeadParser(REQUEST);
  parser.scan(bytes);
  const { method, target, minor, fields } = parser.take(bytes);
  return { method, target, version: minor === 0 ? "1.0" : "1.1", headers: fields };
}

/** What the codec makes of `bytes`, when it has taken over. */
function upgraded(changes: Changes, options: AcceptOptions = {}): End<WebSocketNote> {
  const { codec } = acceptWebSocket(asked(changes), options);
  if (codec === undefined) throw new Error("it was refused");
  return new End(codec);
}

const answerOf = (end: End<WebSocketNote>) => end.sent.toString("latin1").split("\r\n\r\n")[0];

describe("a request that is accepted", () => {
  const rows: [what: string, changes: Changes, options: AcceptOptions][] = [
    ["as it comes", {}, {}],
    ["a subprotocol", { "Sec-WebSocket-Protocol": "a, b" }, { protocols: ["b"] }],
    ["further fields", {}, { headers: { "X-Served-By": "a" } }],
    [
      "compression",
      { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" },
      { deflate: true },
    ],
    ["a page of the same host", { Origin: "http://example.com" }, {}],
  ];
  test.each(rows)("%s: answered as websocket() answers", (_, changes, options) => {
    const theirs = new End(websocket(options)).receive(request(changes));
    expect(theirs.status).toBe(101);
    const ours = upgraded(changes, options);
    expect(ours.sent.toString("latin1")).toBe(theirs.sent.toString("latin1"));
    expect(JSON.stringify(ours.notes)).toBe(JSON.stringify(theirs.notes));
  });

  test("nothing is sent before the codec takes over; then the answer goes first", () => {
    const { codec } = acceptWebSocket(asked());
    const end = new End(codec!);
    end.framed.send("hello");
    const head = `${answerOf(end)}\r\n\r\n`;
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(readFrames(end.sent.subarray(head.length)).map(({ payload }) => String(payload))).toEqual([
      "hello",
    ]);
  });

  test("it notes the request, and then speaks WebSocket", () => {
    const end = upgraded({ "X-Color": "blue" });
    const [note] = end.notes;
    expect(note).toMatchObject({ type: "open", request: { path: "/chat", host: "example.com" } });
    expect(note?.type === "open" && note.request.headers.get("x-color")).toBe("blue");
    end.receive(bytesOf([text("first"), close(1000)], true));
    expect(end.messages).toEqual(["first"]);
    expect(end.isEnded).toBe(true);
  });

  test("limits hold", () => {
    const end = upgraded({}, { maxMessageSize: 4 }).receive(bytesOf([text("12345")], true));
    expect(end.code).toBe("WS_TOO_LARGE");
  });

  test("one codec may be made of it, and another, and they share nothing", () => {
    const { codec } = acceptWebSocket(asked());
    const sink = { message() {}, write() {}, failed() {} };
    expect(new Framed(codec!, sink).codec).not.toBe(new Framed(codec!, sink).codec);
  });
});

describe("a request that is refused is given an answer, behind which HTTP may go on", () => {
  const rows = REFUSED.filter(([, , code]) => code.startsWith("WS_"));
  test.each(rows)("RFC 6455 4.2.1, %s: %i, %s", (_, status, code, changes, line) => {
    const refused = acceptWebSocket(asked(changes, line));
    expect([refused.codec, refused.response?.status, refused.code]).toEqual([undefined, status, code]);
    expect(refused.response?.body).toBeTypeOf("string");
    expect(JSON.stringify(refused.response)).not.toMatch(/connection: close/i);
  });

  test("a wrong version is told the right one, a wrong method too", () => {
    const version = acceptWebSocket(asked({ "Sec-WebSocket-Version": "8" }));
    expect(version.response?.headers).toEqual({ "Sec-WebSocket-Version": "13" });
    const method = acceptWebSocket(asked({}, "PUT / HTTP/1.1"));
    expect(method.response?.headers).toEqual({ Allow: "GET" });
  });

  test("a page of another host", () => {
    const foreign = { Origin: "https://evil.example" };
    expect(acceptWebSocket(asked(foreign))).toMatchObject({ response: { status: 403 }, code: "WS_ORIGIN" });
    expect(acceptWebSocket(asked(foreign), { origins: "any" }).codec).toBeDefined();
    expect(acceptWebSocket(asked(foreign), { origins: ["https://evil.example"] }).codec).toBeDefined();
  });
});

describe("the caller's faults are thrown", () => {
  test("what a function among the options throws", () => {
    const error = new Error("oops");
    const fail = () => {
      throw error;
    };
    const page = { Origin: "https://a.example" };
    expect(() => acceptWebSocket(asked(page), { origins: fail })).toThrow(error);
    expect(() => acceptWebSocket(asked(), { protocols: fail })).toThrow(error);
    expect(() => acceptWebSocket(asked(), { headers: fail })).toThrow(error);
  });

  test("a subprotocol that was not offered, a field that cannot be sent, a limit that is none", () => {
    expect(() => acceptWebSocket(asked(), { protocols: () => "mqtt" })).toThrow(TypeError);
    expect(() => acceptWebSocket(asked(), { headers: { "X-Evil": "a\r\nb: c" } })).toThrow(TypeError);
    expect(() => acceptWebSocket(asked(), { maxMessageSize: -1 })).toThrow(RangeError);
  });

  test("verify, which nobody would ask", () => {
    expect(() => acceptWebSocket(asked(), { verify: () => false } as AcceptOptions)).toThrow(TypeError);
  });
});
