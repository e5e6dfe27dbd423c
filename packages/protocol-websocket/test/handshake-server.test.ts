import { setImmediate } from "node:timers/promises";
import { ProtocolError } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { type WebSocketNote, type WebSocketOptions, websocket } from "../src/index.ts";
import { binary, bytesOf, close, readFrames, text } from "./frames.ts";
import { ACCEPT, type Changes, End, received, request } from "./handshakes.ts";
import { REFUSED } from "./refused.ts";

const fieldsOf = (end: End<WebSocketNote>) =>
  end.sent.toString("latin1").split("\r\n\r\n")[0]!.split("\r\n").slice(1);

describe("a request that is accepted", () => {
  test("the answer of RFC 6455 1.3", () => {
    const end = received(websocket(), request());
    expect(end.sent.toString()).toBe(
      "HTTP/1.1 101 Switching Protocols\r\n" +
        "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
    );
    expect(end.isOpened).toBe(true);
  });

  test("the accepted request is the first note, after the opening", () => {
    const end = new End(websocket());
    let notesAtOpening: number | undefined;
    end.onOpened = () => {
      notesAtOpening = end.notes.length;
    };
    end.receive(request({ "X-Color": "blue" }, "GET /chat/room?name=%C3%A9 HTTP/1.1"));
    const [note] = end.notes;
    expect(notesAtOpening).toBe(0);
    expect(note).toMatchObject({ type: "open", protocol: undefined, isDeflating: false });
    if (note?.type !== "open") throw new Error("no request");
    expect(note.request).toMatchObject({
      target: "/chat/room?name=%C3%A9",
      path: "/chat/room",
      query: "name=%C3%A9",
      host: "example.com",
      origin: undefined,
      protocols: [],
    });
    expect(note.request.headers.get("x-color")).toBe("blue");
  });

  const accepted: [what: string, changes: Changes, line?: string][] = [
    ["names and tokens in any case", { Upgrade: "WebSocket", Connection: "upgrade" }],
    ["the token among others", { Connection: "keep-alive, Upgrade", Upgrade: "h2c, websocket" }],
    ["the token in a second line", { Connection: ["keep-alive", "Upgrade"] }],
    ["HTTP/1.2", {}, "GET /chat HTTP/1.2"],
    ["a whole address as the target", {}, "GET http://example.com/chat HTTP/1.1"],
    ["a host with a port", { Host: "example.com:8080" }],
    ["a host that is an IPv6 address", { Host: "[::1]:8080" }],
    ["a body of no bytes", { "Content-Length": "0" }],
    ["the Origin of the same host", { Origin: "https://example.com" }],
    ["the Origin of the same host and port", { Origin: "http://example.com:8080", Host: "example.com:8080" }],
    [
      "an Origin that leaves its port out where Host does not",
      { Origin: "https://example.com", Host: "EXAMPLE.com:443" },
    ],
    ["a subprotocol that nobody speaks", { "Sec-WebSocket-Protocol": "chat" }],
    ["an extension that nobody knows", { "Sec-WebSocket-Extensions": 'x-unknown; a=1; b="2"' }],
    [
      "permessage-deflate, which is off",
      { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" },
    ],
  ];
  test.each(accepted)("%s", (_, changes, line) => {
    const end = received(websocket(), request(changes, line));
    expect([end.status, end.code, end.isOpened]).toEqual([101, undefined, true]);
  });

  test("an empty line before the request is passed over", () => {
    expect(received(websocket(), `\r\n${request()}`).status).toBe(101);
  });

  test("what stands right behind the request is not lost", () => {
    const frames = bytesOf([text("first"), binary("2"), close(1000)], true);
    const end = received(websocket(), Buffer.concat([Buffer.from(request()), frames]));
    expect(end.messages).toEqual(["first", Buffer.from("2")]);
    expect(end.notes.map((note) => note.type)).toEqual(["open", "close"]);
    expect(end.isEnded).toBe(true);
  });

  test("what is sent when it opens goes out behind the answer", () => {
    const end = new End(websocket());
    end.onOpened = () => end.framed.send("early");
    end.receive(request());
    const [answer, frames] = cutAfterHead(end.sent);
    expect(answer).toContain("101");
    expect(readFrames(frames).map(({ payload }) => payload.toString())).toEqual(["early"]);
  });

  test("its deadline is named, and ends with it", () => {
    const end = new End(websocket());
    expect(end.phases).toEqual(["handshake"]);
    end.receive(request());
    expect(end.phases).toEqual(["handshake", "open"]);
  });
});

describe("RFC 6455 4.2.1: a request that is refused", () => {
  test.each(REFUSED)("%s: %i, %s", (_, status, code, changes, line) => {
    const end = received(websocket(), request(changes, line));
    expect([end.status, end.code, end.isOpened]).toEqual([status, code, false]);
    expect(fieldsOf(end)).toContain("Connection: close");
  });

  test("a wrong version is told the right one, RFC 6455 4.4", () => {
    const end = received(websocket(), request({ "Sec-WebSocket-Version": "8" }));
    expect(fieldsOf(end)).toContain("Sec-WebSocket-Version: 13");
  });

  test("a wrong method is told the right one, RFC 9110 15.5.6", () => {
    expect(fieldsOf(received(websocket(), request({}, "PUT / HTTP/1.1")))).toContain("Allow: GET");
  });

  test("the answer is whole, and says why", () => {
    const end = received(websocket(), request({ Upgrade: undefined }));
    expect(end.sent.toString()).toBe(
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n" +
        "Content-Length: 21\r\n\r\nno Upgrade: websocket",
    );
  });
});

describe("how much a request may take", () => {
  test("a head of the limit passes, one byte more is 431", () => {
    const filled = (size: number) =>
      request({ "X-Filler": "x".repeat(size - request({ "X-Filler": "" }).length) });
    const codec = websocket({ maxHeadSize: 1000 });
    expect(received(codec, filled(1000)).status).toBe(101);
    const end = received(codec, filled(1001));
    expect([end.status, end.code]).toEqual([431, "HTTP_HEAD_SIZE"]);
    expect((end.error as Error).message).toContain("1000");
  });

  test("16 KiB by default: 100 KB of fields are 431", () => {
    expect(received(websocket(), request({ "X-Filler": "x".repeat(100_000) })).status).toBe(431);
  });

  test("a head that never ends is refused at the limit", () => {
    const end = new End(websocket()).receive("GET /");
    for (let i = 0; i < 17 && end.error === undefined; i++) end.receive("x".repeat(1024));
    expect([end.status, end.code]).toEqual([431, "HTTP_HEAD_SIZE"]);
  });

  test("100 fields pass, 101 are 431", () => {
    const withFields = (count: number) => request({ "X-More": Array.from({ length: count - 5 }, () => "x") });
    expect(received(websocket(), withFields(100)).status).toBe(101);
    expect(received(websocket(), withFields(101)).code).toBe("HTTP_FIELD_COUNT");
  });
});

describe("origins: which pages may connect", () => {
  const rows: [what: string, options: WebSocketOptions, origin: string, status: number][] = [
    ["another host", {}, "https://evil.example", 403],
    ["the same name on another port", {}, "https://example.com:8443", 403],
    ["a host that ends alike", {}, "https://notexample.com", 403],
    ["a host that begins alike", {}, "https://example.com.evil.example", 403],
    ["a page without an origin of its own", {}, "null", 403],
    ["what is no origin", {}, "example.com", 403],
    ["a file", {}, "file://", 403],
    ["data", {}, "data:text/html,x", 403],
    ["any, if so asked", { origins: "any" }, "https://evil.example", 101],
    ["one of a list", { origins: ["https://a.example", "https://b.example"] }, "https://b.example", 101],
    ["none of a list", { origins: ["https://a.example"] }, "https://example.com", 403],
    [
      "as a function says: yes",
      { origins: (origin) => origin.endsWith(".example") },
      "https://a.example",
      101,
    ],
    ["as a function says: no", { origins: () => false }, "https://example.com", 403],
  ];
  test.each(rows)("%s", (_, options, origin, status) => {
    const end = received(websocket(options), request({ Origin: origin }));
    expect([end.status, end.code]).toEqual([status, status === 101 ? undefined : "WS_ORIGIN"]);
  });

  test("a request without an origin comes from no page, and passes", () => {
    expect(received(websocket({ origins: [] }), request()).status).toBe(101);
  });

  test("a function that throws is answered with 500, and told", () => {
    const error = new Error("oops");
    const origins = () => {
      throw error;
    };
    const end = received(websocket({ origins }), request({ Origin: "https://a.example" }));
    expect(end.status).toBe(500);
    expect(end.notes).toMatchObject([{ type: "refused", status: 500, error }]);
  });
});

describe("subprotocols", () => {
  const offered = { "Sec-WebSocket-Protocol": ["soap, wamp", "chat"] };
  const answered = (options: WebSocketOptions, changes: Changes = offered) =>
    fieldsOf(received(websocket(options), request(changes))).filter((line) =>
      line.startsWith("Sec-WebSocket-Protocol"),
    );

  test("the client's first that is spoken here", () => {
    expect(answered({ protocols: ["chat", "wamp"] })).toEqual(["Sec-WebSocket-Protocol: wamp"]);
  });

  test("none in common: none is chosen", () => {
    expect(answered({ protocols: ["mqtt"] })).toEqual([]);
  });

  test("none asked for: none is chosen", () => {
    expect(answered({ protocols: ["mqtt"] }, {})).toEqual([]);
  });

  test("a function chooses, and the note says what", () => {
    const end = received(websocket({ protocols: ({ protocols }) => protocols.at(-1) }), request(offered));
    expect(end.notes[0]).toMatchObject({
      protocol: "chat",
      request: { protocols: ["soap", "wamp", "chat"] },
    });
  });

  test("a function that chooses what was not offered is a bug: 500", () => {
    const end = received(websocket({ protocols: () => "mqtt" }), request(offered));
    expect([end.status, end.notes[0]?.type]).toEqual([500, "refused"]);
  });

  test("names of prototypes are names, CVE-2021-32640", () => {
    const names = "__proto__, constructor, hasOwnProperty, toString";
    const changes = { "Sec-WebSocket-Protocol": names, "Sec-WebSocket-Extensions": names };
    const end = received(websocket({ protocols: ["chat"], deflate: true }), request(changes));
    expect([end.status, fieldsOf(end).length]).toEqual([101, 3]);
    expect(answered({ protocols: ["__proto__"] }, changes)).toEqual(["Sec-WebSocket-Protocol: __proto__"]);
  });
});

describe("further fields of the answer", () => {
  test("as given, and by request", () => {
    expect(fieldsOf(received(websocket({ headers: { "X-Served-By": "a" } }), request()))).toContain(
      "X-Served-By: a",
    );
    const headers = ({ path }: { path: string }): [string, string][] => [
      ["Set-Cookie", `at=${path}`],
      ["Set-Cookie", "b=2"],
    ];
    const fields = fieldsOf(received(websocket({ headers }), request()));
    expect(fields.slice(-2)).toEqual(["Set-Cookie: at=/chat", "Set-Cookie: b=2"]);
  });

  const wrong: [name: string, value: string][] = [
    ["X-Evil", "a\r\nSet-Cookie: b"],
    ["X-Evil", "a\nb"],
    ["X-Evil", "a\0"],
    ["X-Evil", "\u0100"],
    ["X Evil", "a"],
    ["X-Evil\r\n", "a"],
    ["", "a"],
    ["Upgrade", "h2c"],
    ["sec-websocket-accept", "mine"],
    ["Content-Length", "5"],
  ];
  test.each(wrong)(
    "%j: %j breaks out or is not yours to say: refused when the codec is made",
    (name, value) => {
      expect(() => websocket({ headers: { [name]: value } })).toThrow(TypeError);
    },
  );

  test.each(wrong)("%j: %j from a function: 500, and nothing of it is sent", (name, value) => {
    const end = received(websocket({ headers: () => ({ [name]: value }) }), request());
    expect(end.status).toBe(500);
    expect(end.sent.toString()).not.toContain("Evil");
    expect(end.notes).toMatchObject([{ type: "refused", status: 500, error: expect.any(TypeError) }]);
  });

  test("an iterator that can be read once serves all connections", () => {
    const codec = websocket({ headers: new Map([["X-A", "b"]]).entries() });
    for (const _ of "ab") expect(fieldsOf(new End(codec).receive(request()))).toContain("X-A: b");
  });
});

describe("verify", () => {
  const rows: [what: string, verdict: unknown, status: number][] = [
    ["true lets in", true, 101],
    ["false is 403", false, 403],
    ["a refusal with its status", { status: 401 }, 401],
    ["nothing returned lets nobody in", undefined, 403],
    ["null neither", null, 403],
    ["a number neither", 1, 403],
  ];
  test.each(rows)("%s", (_, verdict, status) => {
    const end = received(websocket({ verify: () => verdict as boolean }), request());
    expect([end.status, end.isOpened, end.isEnded]).toEqual([status, status === 101, status !== 101]);
    expect(end.notes[0]?.type).toBe(status === 101 ? "open" : "refused");
  });

  test.each(rows)("in a promise: %s", async (_, verdict, status) => {
    const end = new End(websocket({ verify: async () => verdict as boolean })).receive(request());
    expect([end.status, end.phases.at(-1)]).toEqual([undefined, "verify"]);
    await setImmediate();
    expect([end.status, end.isOpened, end.isEnded]).toEqual([status, status === 101, status !== 101]);
  });

  test("a refusal has fields and a body", () => {
    const refusal = { status: 401, headers: { "WWW-Authenticate": "Basic" }, body: "who are you?" };
    const end = received(websocket({ verify: () => refusal }), request());
    expect(end.sent.toString()).toBe(
      "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n" +
        "Content-Length: 12\r\nWWW-Authenticate: Basic\r\n\r\nwho are you?",
    );
    expect(end.notes).toMatchObject([{ type: "refused", status: 401, request: { path: "/chat" } }]);
  });

  test("a body may be of another type", () => {
    const refusal = { status: 404, headers: { "content-type": "application/json" }, body: "{}" };
    const end = received(websocket({ verify: () => refusal }), request());
    expect(fieldsOf(end)).toEqual([
      "Connection: close",
      "Content-Length: 2",
      "content-type: application/json",
    ]);
  });

  test("a refusal that would break out of its fields, or is none, is 500", () => {
    const split = { status: 401, headers: { "X-A": "b\r\n\r\nHTTP/1.1 200 OK" } };
    expect(received(websocket({ verify: () => split }), request()).status).toBe(500);
    expect(received(websocket({ verify: () => ({ status: 101 }) }), request()).status).toBe(500);
    expect(received(websocket({ verify: () => ({ status: 200 }) }), request()).status).toBe(500);
  });

  test("what it throws is answered with 500, and told", async () => {
    const error = new Error("no database");
    const verify = () => {
      throw error;
    };
    const end = received(websocket({ verify }), request());
    expect([end.status, end.isEnded, end.error]).toEqual([500, true, undefined]);
    expect(end.notes).toMatchObject([{ type: "refused", status: 500, error }]);

    const later = new End(websocket({ verify: () => Promise.reject(error) })).receive(request());
    await setImmediate();
    expect([later.status, later.isEnded]).toEqual([500, true]);
    expect(later.notes).toMatchObject([{ type: "refused", status: 500, error }]);
    expect(later.sent.toString()).not.toContain("database");
  });

  test("frames that come meanwhile wait", async () => {
    const verdict = Promise.withResolvers<boolean>();
    const end = new End(websocket({ verify: () => verdict.promise }));
    end
      .receive(request())
      .receive(bytesOf([text("a")], true))
      .receive(bytesOf([text("b")], true));
    await setImmediate();
    expect(end.messages).toEqual([]);
    verdict.resolve(true);
    await setImmediate();
    expect(end.messages).toEqual(["a", "b"]);
  });

  test("frames that come with a request that is refused are not looked at", async () => {
    const end = new End(websocket({ verify: async () => false }));
    end.receive(request()).receive(bytesOf([text("a")], true));
    await setImmediate();
    end.receive(bytesOf([text("b")], true));
    expect([end.status, end.messages, end.error]).toEqual([403, [], undefined]);
    expect(end.framed.unread).toBe(0);
  });

  test("a peer that leaves meanwhile is noticed behind its request", async () => {
    const end = new End(websocket({ verify: async () => true })).receive(request());
    end.framed.finish();
    await setImmediate();
    expect(end.notes.map((note) => note.type)).toEqual(["open", "close"]);
    expect(end.notes[1]).toMatchObject({ code: 1006 });
  });

  test("a connection that is gone meanwhile hears nothing more", async () => {
    const end = new End(websocket({ verify: async () => true })).receive(request());
    end.framed.closed();
    await setImmediate();
    expect([end.sent.length, end.isOpened, end.notes]).toEqual([0, false, []]);
  });
});

describe("our side ends the handshake", () => {
  const rows: [why: Parameters<End<WebSocketNote>["framed"]["farewell"]>[0], status: number][] = [
    [{ why: "close" }, 503],
    [{ why: "drain" }, 503],
    [{ why: "stop" }, 503],
    [{ why: "deadline", phase: "handshake" }, 408],
    [{ why: "limit", what: "memory", limit: 1 }, 431],
    [{ why: "fault", error: new Error("x") }, 500],
  ];
  test.each(rows)("%j: %i", (why, status) => {
    const end = new End(websocket()).receive("GET / HTTP/1.1\r\n");
    expect(end.framed.farewell(why)).toBe(true);
    expect([end.status, end.isEnded]).toEqual([status, true]);
  });

  test("while verify is pending: 503, and its answer changes nothing", async () => {
    const end = new End(websocket({ verify: async () => true })).receive(request());
    end.framed.farewell({ why: "deadline", phase: "verify" });
    await setImmediate();
    expect([end.status, end.isOpened, end.sent.toString().split("HTTP/1.1").length]).toEqual([503, false, 2]);
  });

  test("a request that breaks off is an error", () => {
    const end = new End(websocket()).receive("GET / HTTP/1.1\r\n");
    end.framed.finish();
    expect(end.code).toBe("UNEXPECTED_END");
  });

  test("a peer that says nothing and leaves is none", () => {
    const end = new End(websocket());
    end.framed.finish();
    expect(end.error).toBe(undefined);
  });
});

describe("options", () => {
  test("numbers out of range are refused at once", () => {
    for (const options of [
      { maxMessageSize: -1 },
      { maxMessageSize: Number.POSITIVE_INFINITY },
      { maxFragments: 0 },
      { maxHeadSize: 0.5 },
      { deflate: { sendWindowBits: 7 } },
      { deflate: { receiveWindowBits: 16 } },
      { deflate: { threshold: -1 } },
      { deflate: { level: 10 } },
      { deflate: { memLevel: 0 } },
    ]) {
      expect(() => websocket(options), JSON.stringify(options)).toThrow(RangeError);
    }
  });

  test("errors are the peer's fault", () => {
    expect(ProtocolError.is(received(websocket(), "\n").error)).toBe(true);
  });
});

function cutAfterHead(bytes: Buffer): [head: string, rest: Buffer] {
  const end = bytes.indexOf("\r\n\r\n") + 4;
  return [bytes.toString("latin1", 0, end), bytes.subarray(end)];
}
