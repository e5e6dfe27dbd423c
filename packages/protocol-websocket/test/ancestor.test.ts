import { describe, expect, test } from "vitest";
import { websocket } from "../src/index.ts";
import { bytesOf, close, type Frame, more, open, ping, text } from "./frames.ts";
import { type Changes, End, received, request } from "./handshakes.ts";
import { Observed } from "./observe.ts";

// Where the ancestor's server and RFC 6455 part. Each says what the peer gets and what our side sees.

const MiB = 1024 * 1024;

describe("frames", () => {
  const rows: [input: string, ancestor: string, frames: (Frame | Uint8Array)[], lines: string[]][] = [
    [
      "close 4001 'bye'",
      "88 02 03e8 always",
      [close(4001, "bye")],
      ["sends close 4001", "note close 4001 bye", "ends"],
    ],
    [
      "a Close of one byte",
      "88 02 03e8",
      [{ opcode: 8, payload: "x" }],
      ["sends close 1002", "fails WS_CLOSE"],
    ],
    [
      "a frame without a mask",
      "a bare end",
      [text("hello", { isWronglyMasked: true })],
      ["sends close 1002", "fails WS_MASK"],
    ],
    [
      "a short one without a mask",
      "waits",
      [text("", { isWronglyMasked: true })],
      ["sends close 1002", "fails WS_MASK"],
    ],
    [
      "RSV1 without an extension",
      "not policed",
      [text("a", { rsv: 4 })],
      ["sends close 1002", "fails WS_RSV"],
    ],
    ["RSV2", "delivered", [text("a", { rsv: 2 })], ["sends close 1002", "fails WS_RSV"]],
    ["opcode 3", "a bare end", [{ opcode: 3 }], ["sends close 1002", "fails WS_OPCODE"]],
    ["opcode 11", "a bare end", [{ opcode: 11 }], ["sends close 1002", "fails WS_OPCODE"]],
    [
      "text that is not UTF-8",
      "delivered",
      [text(Buffer.of(0xc3, 0x28))],
      ["sends close 1007", "fails WS_UTF8"],
    ],
    ["a ping of 126 bytes", "ponged", [ping("p".repeat(126))], ["sends close 1002", "fails WS_CONTROL"]],
    ["a fragmented ping", "swallowed", [ping("p", open)], ["sends close 1002", "fails WS_CONTROL"]],
    [
      "a ping between fragments",
      "pong heP, message llo",
      [text("he", open), ping("P"), more("llo")],
      ["sends pong P", "note ping P", "text hello"],
    ],
    ["a lone continuation", "delivered", [more("llo")], ["sends close 1002", "fails WS_FRAGMENT"]],
    [
      "a text within fragments",
      "merged",
      [text("he", open), text("XX")],
      ["sends close 1002", "fails WS_FRAGMENT"],
    ],
    [
      "the header of a frame over the limit",
      "a bare end",
      [{ opcode: 2, length: 16 * MiB + 1 }],
      ["sends close 1009", "fails WS_TOO_LARGE"],
    ],
    ["an empty text", "the same", [text("")], ["text "]],
    ["an empty Close", "1000", [close()], ["sends close", "note close 1005", "ends"]],
    [
      "a length that takes too many bytes",
      "accepted",
      [text("a", { lengthBytes: 2 })],
      ["sends close 1002", "fails WS_LENGTH"],
    ],
  ];
  test.each(rows)("%s (there: %s)", (_input, _ancestor, frames, lines) => {
    expect(new Observed("server").receive(bytesOf(frames, true)).lines).toEqual(lines);
  });

  test("our side closes with a message (there: the message, then a bare end)", () => {
    const observed = new Observed("server");
    observed.framed.send("bye");
    observed.framed.farewell({ why: "close" });
    expect(observed.lines).toEqual(["sends text bye", "sends close 1000"]);
  });
});

describe("handshakes", () => {
  const rows: [input: string, ancestor: string, changes: Changes, status: number, code: string][] = [
    ["no Upgrade", "101", { Upgrade: undefined }, 400, "WS_UPGRADE"],
    ["no Host", "101", { Host: undefined }, 400, "WS_HOST"],
    ["the key x", "101", { "Sec-WebSocket-Key": "x" }, 400, "WS_KEY"],
    ["100 KB of fields", "101", { "X-Filler": "x".repeat(100_000) }, 431, "HTTP_HEAD_SIZE"],
    ["version 8", "101, later 426", { "Sec-WebSocket-Version": "8" }, 426, "WS_VERSION"],
  ];
  test.each(rows)("%s (there: %s)", (_input, _ancestor, changes, status, code) => {
    const end = received(websocket(), request(changes));
    expect([end.status, end.code, end.isOpened]).toEqual([status, code, false]);
  });

  test("a subprotocol is chosen when one is spoken (there: never)", () => {
    const end = received(websocket({ protocols: ["chat"] }), request({ "Sec-WebSocket-Protocol": "chat" }));
    expect(end.sent.toString()).toContain("\r\nSec-WebSocket-Protocol: chat\r\n");
  });

  test("a request and two frames in one segment, and a message sent at once (there: the same)", () => {
    const end = new End(websocket());
    end.onOpened = () => end.framed.send("welcome");
    end.receive(Buffer.concat([Buffer.from(request()), bytesOf([text("a"), text("b")], true)]));
    expect(end.messages).toEqual(["a", "b"]);
    expect(end.sent.toString("latin1").endsWith("\r\n\r\n\x81\x07welcome")).toBe(true);
  });
});
