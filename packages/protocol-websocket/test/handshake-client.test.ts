import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  ping,
  type RandomSource,
  type WebSocketClientOptions,
  websocketAddress,
  websocketClient,
} from "../src/index.ts";
import { binary, bytesOf, close, readFrames, text } from "./frames.ts";
import { type Changes, End, KEY, received, response } from "./handshakes.ts";

/** The key of RFC 6455 1.3 for the handshake, and then the mask of 5.7. */
function vectors(): RandomSource {
  return (size) => (size === 16 ? Buffer.from(KEY, "base64") : Buffer.from("37fa213d", "hex"));
}

const client = (options: Partial<WebSocketClientOptions> = {}) =>
  websocketClient({ url: "ws://example.com/chat", random: vectors(), ...options });

describe("the request, RFC 6455 4.1", () => {
  const sentBy = (options: Partial<WebSocketClientOptions>) =>
    new End(client(options)).sent.toString("latin1");

  test("all of it", () => {
    const options = {
      url: "ws://example.com:8080/chat?a=b",
      protocols: ["chat", "soap"],
      headers: { Origin: "http://x" },
    };
    expect(sentBy(options)).toBe(
      "GET /chat?a=b HTTP/1.1\r\n" +
        "Host: example.com:8080\r\n" +
        "Upgrade: websocket\r\n" +
        "Connection: Upgrade\r\n" +
        "Sec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Protocol: chat, soap\r\n" +
        "Origin: http://x\r\n" +
        `Sec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
  });

  test("a Host of one's own takes the place of the URL's", () => {
    expect(sentBy({ headers: { host: "other" } })).toMatch(/\r\nhost: other\r\n/);
    expect(sentBy({ headers: { host: "other" } })).not.toContain("example.com");
  });

  test("deflate is offered as its options are", () => {
    const offers: [WebSocketClientOptions["deflate"], string][] = [
      [true, "server_no_context_takeover; client_no_context_takeover; client_max_window_bits"],
      [{ sendTakeover: true, receiveTakeover: true }, "client_max_window_bits"],
      [
        { sendTakeover: true, receiveTakeover: true, sendWindowBits: 10, receiveWindowBits: 9 },
        "server_max_window_bits=9; client_max_window_bits=10",
      ],
    ];
    for (const [deflate, parameters] of offers) {
      expect(sentBy({ deflate })).toContain(
        `\r\nSec-WebSocket-Extensions: permessage-deflate; ${parameters}\r\n`,
      );
    }
  });

  test("each connection has a key of its own", () => {
    const codec = websocketClient({ url: "ws://example.com/" });
    const keys = Array.from({ length: 10 }, () => /Key: (.*)\r\n/.exec(new End(codec).sent.toString())![1]);
    expect(new Set(keys).size).toBe(10);
    for (const key of keys) expect(Buffer.from(key!, "base64").length).toBe(16);
  });

  const wrong: [what: string, options: Partial<WebSocketClientOptions>][] = [
    ["a field that breaks out of its line", { headers: { "X-A": "b\r\nX-C: d" } }],
    ["a field's name that does", { headers: { "X-A: b\r\nX-C": "d" } }],
    ["a field that the codec says", { headers: { "Sec-WebSocket-Key": KEY } }],
    ["a value that is no string", { headers: { "X-A": ["b\r\nc"] as unknown as string } }],
    ["a subprotocol that is no token", { protocols: ["a b"] }],
    ["a subprotocol twice", { protocols: ["a", "a"] }],
    ["no URL", { url: "example.com" }],
    ["the URL of something else", { url: "http://example.com/" }],
    ["a fragment", { url: "ws://example.com/#top" }],
    ["an empty fragment", { url: "ws://example.com/#" }],
    ["a password", { url: "ws://user:password@example.com/" }],
  ];
  test.each(wrong)("%s is refused when the codec is made", (_, options) => {
    expect(() => client(options)).toThrow(TypeError);
  });
});

describe("addresses", () => {
  const rows: [url: string, address: string, line: string, host: string][] = [
    ["ws://example.com", "tcp://example.com:80", "GET / HTTP/1.1", "example.com"],
    ["ws://example.com:80/a", "tcp://example.com:80", "GET /a HTTP/1.1", "example.com"],
    ["ws://EXAMPLE.com:8080/a?b=c", "tcp://example.com:8080", "GET /a?b=c HTTP/1.1", "example.com:8080"],
    ["wss://example.com/a", "tls://example.com:443", "GET /a HTTP/1.1", "example.com"],
    ["ws://[::1]:81/", "tcp://[::1]:81", "GET / HTTP/1.1", "[::1]:81"],
    ["ws://example.com/ä b", "tcp://example.com:80", "GET /%C3%A4%20b HTTP/1.1", "example.com"],
    ["ws+unix:/run/a.sock", "unix:/run/a.sock", "GET / HTTP/1.1", "localhost"],
    ["ws+unix:///run/a.sock:/chat?a=b", "unix:/run/a.sock", "GET /chat?a=b HTTP/1.1", "localhost"],
    ["ws+unix:/run/a%20b.sock:/", "unix:/run/a b.sock", "GET / HTTP/1.1", "localhost"],
  ];
  test.each(rows)("%s", (url, address, line, host) => {
    expect(websocketAddress(url)).toBe(address);
    const lines = new End(client({ url })).sent.toString("latin1").split("\r\n");
    expect(lines.slice(0, 2)).toEqual([line, `Host: ${host}`]);
  });

  test.each(["ws+unix:a.sock", "ws+unix://host/a.sock", "ws+unix:/a.sock:b", "ftp://a"])(
    "%s is none",
    (url) => {
      expect(() => websocketAddress(url)).toThrow(TypeError);
    },
  );
});

describe("the answer, RFC 6455 4.1", () => {
  const accepted: [what: string, changes: Changes, options?: Partial<WebSocketClientOptions>][] = [
    ["the one of RFC 6455 1.3", {}],
    ["tokens in any case", { Upgrade: "WebSocket", Connection: "UPGRADE" }],
    ["the token among others", { Connection: "foo, upgrade" }],
    ["a subprotocol that was offered", { "Sec-WebSocket-Protocol": "chat" }, { protocols: ["chat"] }],
    ["no subprotocol, though one was offered", {}, { protocols: ["chat"] }],
  ];
  test.each(accepted)("%s opens", (_, changes, options) => {
    const end = received(client(options), response(changes));
    expect([end.code, end.isOpened]).toEqual([undefined, true]);
    expect(end.notes[0]).toMatchObject({
      type: "open",
      protocol: changes["Sec-WebSocket-Protocol"],
      isDeflating: false,
    });
  });

  const refused: [what: string, code: string, changes: Changes, line?: string][] = [
    ["200", "WS_STATUS", {}, "HTTP/1.1 200 OK"],
    ["401", "WS_STATUS", {}, "HTTP/1.1 401 Unauthorized"],
    ["301", "WS_REDIRECT", { Location: "ws://elsewhere/" }, "HTTP/1.1 301 Moved Permanently"],
    ["HTTP/1.0", "WS_HTTP_VERSION", {}, "HTTP/1.0 101 Switching Protocols"],
    ["HTTP/2.0", "HTTP_VERSION", {}, "HTTP/2.0 101 Switching Protocols"],
    ["no HTTP", "HTTP_START_LINE", {}, "220 ready"],
    ["no Upgrade", "WS_UPGRADE", { Upgrade: undefined }],
    ["another Upgrade", "WS_UPGRADE", { Upgrade: "h2c" }],
    ["two Upgrades", "WS_UPGRADE", { Upgrade: "websocket, h2c" }],
    ["no Connection", "WS_CONNECTION", { Connection: undefined }],
    ["a Connection without the token", "WS_CONNECTION", { Connection: "close" }],
    ["no accept key", "WS_ACCEPT", { "Sec-WebSocket-Accept": undefined }],
    ["a wrong accept key", "WS_ACCEPT", { "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=" }],
    ["the key itself", "WS_ACCEPT", { "Sec-WebSocket-Accept": KEY }],
    ["the accept key twice", "WS_ACCEPT", { "Sec-WebSocket-Accept": ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "x"] }],
    ["a subprotocol that was not offered", "WS_PROTOCOL", { "Sec-WebSocket-Protocol": "chat" }],
    [
      "an extension that was not offered",
      "WS_EXTENSION",
      { "Sec-WebSocket-Extensions": "permessage-deflate" },
    ],
    ["extensions that cannot be read", "WS_EXTENSION", { "Sec-WebSocket-Extensions": "a b" }],
  ];
  test.each(refused)("%s: %s", (_, code, changes, line) => {
    const end = received(client(), response(changes, line));
    expect([end.code, end.isOpened]).toEqual([code, false]);
  });

  test("a redirect is told with its place, and not followed", () => {
    const end = received(client(), response({ Location: "ws://elsewhere/" }, "HTTP/1.1 302 Found"));
    expect((end.error as Error).message).toBe("the server redirects to ws://elsewhere/ (302)");
  });

  test("the answer that was refused is the cause of its error", () => {
    const end = received(client(), response({ "WWW-Authenticate": "Basic" }, "HTTP/1.1 401 Unauthorized"));
    const { cause, message } = end.error as Error;
    expect(message).toBe("the server answers 401 Unauthorized");
    expect(cause).toMatchObject({ status: 401, reason: "Unauthorized" });
    expect((cause as { fields: Headers }).fields.get("www-authenticate")).toBe("Basic");
  });

  test("answers that announce another one are passed over, RFC 9110 15.2", () => {
    const end = received(client(), `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${response()}`);
    expect(end.isOpened).toBe(true);
  });

  test("a head over the limit is refused", () => {
    expect(received(client(), response({ "X-Filler": "x".repeat(20_000) })).code).toBe("HTTP_HEAD_SIZE");
  });

  test("a server that ends before it has answered is an error", () => {
    const end = new End(client()).receive("HTTP/1.1 101 Swi");
    end.framed.finish();
    expect(end.code).toBe("UNEXPECTED_END");
    const silent = new End(client());
    silent.framed.finish();
    expect(silent.code).toBe("UNEXPECTED_END");
  });

  test("what stands right behind the answer is not lost", () => {
    const frames = bytesOf([text("first"), binary("2")], false);
    const end = received(client(), Buffer.concat([Buffer.from(response()), frames]));
    expect(end.messages).toEqual(["first", Buffer.from("2")]);
  });

  test("our side ends before the answer: at once", () => {
    const end = new End(client());
    end.framed.farewell({ why: "close" });
    expect(end.isEnded).toBe(true);
  });
});

describe("what a client sends", () => {
  const opened = (options?: Partial<WebSocketClientOptions>) => {
    const end = new End(client(options)).receive(response());
    end.sent = Buffer.alloc(0);
    return end;
  };

  test("the masked frame of RFC 6455 5.7", () => {
    const end = opened();
    end.framed.send("Hello");
    expect(end.sent.toString("hex")).toBe("818537fa213d7f9f4d5158");
  });

  test("every frame is masked: messages, pings, pongs, Closes, and the last before an error", () => {
    const end = opened();
    end.framed.send("a");
    end.framed.send(ping("b"));
    end.receive(bytesOf([{ opcode: 9, payload: "c" }, { opcode: 3 }], false));
    const closing = opened();
    closing.framed.farewell({ why: "close" });
    const frames = [...readFrames(end.sent), ...readFrames(closing.sent)];
    expect(frames.map(({ opcode, isMasked }) => [opcode, isMasked])).toEqual([
      [1, true],
      [9, true],
      [10, true],
      [8, true],
      [8, true],
    ]);
  });

  test("keys come from a generator that nobody can predict, and none is used again: BAD-INPUT 37", () => {
    const end = new End(websocketClient({ url: "ws://a/", random: undefined }));
    const key = /Key: (.*)\r\n/.exec(end.sent.toString())![1]!;
    end.receive(response({ "Sec-WebSocket-Accept": acceptFor(key) }));
    end.sent = Buffer.alloc(0);
    for (let i = 0; i < 5000; i++) end.framed.send(new Uint8Array(1));
    const keys = new Set<string>();
    for (let at = 2; at < end.sent.length; at += 7) keys.add(end.sent.toString("hex", at, at + 4));
    // Of 5000 random numbers of 32 bits, two are the same in one run of 350.
    expect(keys.size).toBeGreaterThan(4997);
  });

  test("a message is masked in a copy", () => {
    for (const size of [5, 500, 5000]) {
      const message = new Uint8Array(size).fill(1);
      const end = opened();
      end.framed.send(message);
      expect(message.every((byte) => byte === 1)).toBe(true);
      expect(readFrames(end.sent)[0]!.payload.equals(message)).toBe(true);
    }
  });

  test("it waits for the server to end the connection, RFC 6455 7.1.1, under a deadline", () => {
    const end = opened();
    end.receive(bytesOf([close(1000)], false));
    expect([end.isEnded, end.phases.at(-1)]).toEqual([false, "end"]);
    end.framed.finish();
    expect([end.isEnded, end.notes.length]).toEqual([true, 2]);

    const waiting = opened();
    waiting.receive(bytesOf([close(1000)], false));
    waiting.framed.farewell({ why: "deadline", phase: "end" });
    expect(waiting.isEnded).toBe(true);
  });
});

function acceptFor(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
