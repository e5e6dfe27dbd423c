import { type CodecFactory, Framed, ProtocolError, toBuffer } from "@sock/codec";
import { codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HttpConnectOptions, httpConnect } from "../src/index.ts";

const LF = 10;

const lines: CodecFactory<string> = () => {
  let searched = 0;
  return {
    input(buffer) {
      const at = buffer.indexOf(LF, searched);
      searched = at === -1 ? buffer.length : 0;
      return at + 1;
    },
    decode: (frame) => toBuffer(frame).toString("latin1", 0, frame.length - 1),
    encode: (line) => Buffer.from(`${line}\n`, "latin1"),
  };
};

const address = "tcp://127.0.0.1:3128";

/** Lines to `host`, through a proxy. */
function through(options: Partial<HttpConnectOptions> = {}, host = "example.com", port = 2347) {
  const next = lines as CodecFactory<never> as CodecFactory<unknown, never, never>;
  return httpConnect({ address, ...options }).open(host, port, next) as CodecFactory<never> as typeof lines;
}

/** One end of the way, and what came of it. */
class End {
  readonly framed: Framed<string>;
  readonly come: string[] = [];
  readonly phases: [name: string, within: number | undefined][] = [];
  sent = "";
  isOpened = false;
  isEnded = false;
  error: unknown;

  constructor(factory: CodecFactory<string>) {
    this.framed = new Framed(factory, {
      message: (line) => void this.come.push(line),
      write: (bytes) => {
        this.sent += toBuffer(bytes as Uint8Array).toString("latin1");
      },
      phase: (name, { within }) => void this.phases.push([name, within]),
      opened: () => {
        this.isOpened = true;
      },
      end: () => {
        this.isEnded = true;
      },
      failed: (error) => {
        this.error = error;
      },
    });
    this.framed.start();
  }

  get code(): string | undefined {
    return ProtocolError.is(this.error) ? this.error.code : undefined;
  }

  receive(text: string): this {
    this.framed.receive(Buffer.from(text, "latin1"));
    return this;
  }

  drip(text: string): this {
    for (const letter of text) this.receive(letter);
    return this;
  }
}

const CONSENT = "HTTP/1.1 200 Connection established\r\n\r\n";

describe("what is asked", () => {
  const asked = (...args: Parameters<typeof through>) => new End(through(...args)).sent;
  const rows: [what: string, args: Parameters<typeof through>, request: string][] = [
    [
      "for a name, which the proxy looks up",
      [],
      "CONNECT example.com:2347 HTTP/1.1\r\nHost: example.com:2347\r\n\r\n",
    ],
    ["for an address", [{}, "192.0.2.1", 1], "CONNECT 192.0.2.1:1 HTTP/1.1\r\nHost: 192.0.2.1:1\r\n\r\n"],
    [
      "for an address of IPv6",
      [{}, "2001:db8::1", 65535],
      "CONNECT [2001:db8::1]:65535 HTTP/1.1\r\nHost: [2001:db8::1]:65535\r\n\r\n",
    ],
    [
      "with a username and a password: RFC 7617, 2.1",
      [{ username: "test", password: "123\xa3" }],
      "CONNECT example.com:2347 HTTP/1.1\r\nHost: example.com:2347\r\nProxy-Authorization: Basic dGVzdDoxMjPCow==\r\n\r\n",
    ],
    [
      "with fields of one's own",
      [{ headers: { "Proxy-Authorization": "Bearer abc", "User-Agent": "\xe9" } }],
      "CONNECT example.com:2347 HTTP/1.1\r\nHost: example.com:2347\r\nProxy-Authorization: Bearer abc\r\nUser-Agent: \xe9\r\n\r\n",
    ],
  ];
  test.each(rows)("%s", (_, args, request) => {
    expect(asked(...args)).toBe(request);
  });

  test("the way to the proxy itself is for whoever connects", () => {
    expect(httpConnect({ address }).address).toBe(address);
  });

  const wrong: [what: string, args: Parameters<typeof through>][] = [
    ["a host with a line end", [{}, "a\r\nB: c"]],
    ["a host with a path", [{}, "a/b"]],
    ["no host", [{}, ""]],
    ["a port that is none", [{}, "a", 65_536]],
    ["a negative port", [{}, "a", -1]],
    ["half a port", [{}, "a", 1.5]],
    ["a username with a colon", [{ username: "a:b", password: "c" }]],
    ["a username with a line end", [{ username: "a\r\n", password: "c" }]],
    ["a password with NUL", [{ username: "a", password: "\0" }]],
    ["a username alone", [{ username: "a" }]],
    ["a password alone", [{ password: "a" }]],
    ["a field with a line end", [{ headers: { A: "b\r\nC: d" } }]],
    ["a Host", [{ headers: { Host: "a" } }]],
    ["a body", [{ headers: { "Content-Length": 1 } }]],
    ["two authorizations", [{ username: "a", password: "b", headers: { "proxy-authorization": "c" } }]],
  ];
  test.each(wrong)("%s is refused at the call", (_, args) => {
    expect(() => through(...args)).toThrow(TypeError);
  });

  test("a timeout of 0 is out of range", () => {
    expect(() => through({ timeout: 0 })).toThrow(RangeError);
  });
});

describe("consent", () => {
  const rows: [what: string, answer: string][] = [
    ["200", CONSENT],
    ["any 2xx", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nProxy-agent: a\r\n\r\n"],
    ["behind a 1xx", `HTTP/1.1 100 Continue\r\n\r\n${CONSENT}`],
    [
      "with lengths, which mean nothing",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
  ];
  test.each(rows)("%s: what stands behind it is the target's", (_, answer) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = new End(through());
      expect(end.isOpened).toBe(false);
      end[feed](`${answer}first\nsec`);
      end[feed]("ond\n");
      expect([end.isOpened, end.come, end.error]).toEqual([true, ["first", "second"], undefined]);
      end.sent = "";
      end.framed.send("hello");
      expect(end.sent).toBe("hello\n");
    }
  });

  test("the deadline ends with it", () => {
    const end = new End(through({ timeout: 5 })).receive(CONSENT);
    expect(end.phases).toEqual([
      ["proxy handshake", 5],
      ["proxied", undefined],
    ]);
  });

  test("through two proxies, one behind the other", () => {
    const next = httpConnect({ address }).open("target", 2, lines as CodecFactory<never> as never);
    const end = new End(
      httpConnect({ address }).open("second", 1, next) as CodecFactory<never> as typeof lines,
    );
    expect(end.sent).toMatch(/^CONNECT second:1 /);
    end.sent = "";
    end.receive(CONSENT);
    expect([end.sent, end.isOpened]).toEqual(["CONNECT target:2 HTTP/1.1\r\nHost: target:2\r\n\r\n", false]);
    expect(end.receive(`${CONSENT}hello\n`).come).toEqual(["hello"]);
  });
});

describe("what is no consent is an error", () => {
  const rows: [what: string, code: string, answer: string][] = [
    ["403", "HTTP_PROXY_STATUS", "HTTP/1.1 403 Forbidden\r\n\r\n"],
    ["502", "HTTP_PROXY_STATUS", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno\n"],
    ["a redirect", "HTTP_PROXY_STATUS", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"],
    ["407", "HTTP_PROXY_AUTHENTICATION", "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n"],
    ["101", "HTTP_PROXY_STATUS", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n"],
    ["eleven 1xx", "HTTP_PROXY_STATUS", "HTTP/1.1 102 Wait\r\n\r\n".repeat(11)],
    ["what is no answer", "HTTP_START_LINE", "SSH-2.0-OpenSSH\r\n"],
    ["a line that ends with LF alone", "HTTP_LINE_END", "HTTP/1.1 200 OK\n\n"],
    ["a head without end", "HTTP_HEAD_SIZE", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(17_000)}`],
    ["a line without end", "HTTP_HEAD_SIZE", "b".repeat(17_000)],
    ["more than 100 fields", "HTTP_FIELD_COUNT", `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(101)}\r\n`],
  ];
  test.each(rows)("%s: %s", (_, code, answer) => {
    for (const feed of ["receive", "drip"] as const) {
      const end = new End(through());
      end[feed](answer);
      expect([end.code, end.isOpened, end.come]).toEqual([code, false, []]);
    }
  });

  test("its cause is the answer", () => {
    const { error } = new End(through()).receive("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n");
    expect(error).toMatchObject({
      message: "the proxy answers 407 Who to the way to example.com:2347",
      cause: { status: 407, reason: "Who" },
    });
    expect((error as { cause: { fields: Map<string, string> } }).cause.fields.get("proxy-authenticate")).toBe(
      "Basic",
    );
  });

  test("so is its end", () => {
    const end = new End(through()).receive("HTTP/1.1 2");
    end.framed.finish();
    expect(end.error).toMatchObject({
      code: "UNEXPECTED_END",
      message: "the proxy ended 10 bytes into its answer",
    });
  });

  test("a client that leaves meanwhile just ends", () => {
    const end = new End(through());
    end.framed.farewell({ why: "close" });
    expect(end.isEnded).toBe(true);
  });
});

/** Consents to whoever asks, and says lines then. */
const proxy: CodecFactory<unknown, string> = (link) => ({
  opening: true,
  input: (buffer) => toBuffer(buffer).indexOf("\r\n\r\n") + 4 || 0,
  decode() {
    link.reply(CONSENT);
    link.upgrade(lines as CodecFactory<never> as CodecFactory<unknown, never, never>);
    return undefined;
  },
  encode: () => "",
});

describe("lines through a proxy", () => {
  const message = fc.stringMatching(/^[!-~]{0,9}$/);
  for (const law of codecLaws({ codec: through(), peer: proxy, message })) {
    test.skipIf(law.skipped)(law.name, law.run);
  }
});
