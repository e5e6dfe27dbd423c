import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { websocket } from "../src/index.ts";
import { binary, bytesOf, close, type Frame, more, open, ping, pong, text } from "./frames.ts";
import { End, received, request } from "./handshakes.ts";
import { describeMessage, Observed, type Role, type Terms } from "./observe.ts";

// Inputs that broke others, by their accidents. Each says what the peer gets and what our side sees.

const roles: readonly Role[] = ["server", "client"];

function heard(frames: readonly (Frame | Uint8Array)[], terms?: Terms, role: Role = "server"): string[] {
  return new Observed(role, terms).receive(bytesOf(frames, role === "server")).lines;
}

const MiB = 1024 * 1024;
const FLUSHED = { finishFlush: constants.Z_SYNC_FLUSH };

describe("1: millions of tiny fragments, CVE-2026-48779", () => {
  const rows: [what: string, fragment: Uint8Array][] = [
    ["of one byte", Buffer.of(0)],
    ["of nothing", Buffer.alloc(0)],
  ];
  test.each(rows)("a million %s: 1008, and they never took more than their bytes", (_, fragment) => {
    const observed = new Observed("server");
    const thousand = bytesOf(
      Array.from({ length: 1000 }, () => more(fragment, open)),
      true,
    );
    observed.receive(bytesOf([binary(fragment, open)], true));
    const before = memory();
    let most = 0;
    for (let sent = 0; sent < 1000; sent++) {
      observed.receive(Buffer.from(thousand));
      most = Math.max(most, observed.framed.retained);
    }
    expect(observed.lines).toEqual(["sends close 1008", "fails WS_TOO_MANY_FRAGMENTS"]);
    expect(most).toBeLessThan(MiB);
    expect(memory() - before).toBeLessThan(32 * MiB);
  });

  test.each([64, 4096])("4 MiB in fragments of %i bytes pass", (size) => {
    const observed = new Observed("server");
    const payload = Buffer.alloc(4 * MiB, "*");
    for (let at = 0; at < payload.length; at += size) {
      const first = at === 0 ? text : more;
      const fin = at + size === payload.length;
      observed.receive(bytesOf([first(payload.subarray(at, at + size), { fin })], true));
    }
    expect(observed.lines).toEqual([describeMessage(payload.toString())]);
  });
});

describe("2: uninitialised memory in what is sent, CVE-2026-45736", () => {
  test("a reason that is no string is not sent", () => {
    for (const reason of [new Uint16Array(10), new ArrayBuffer(10), 10, {}]) {
      const observed = new Observed("server", {}, { isBuggy: true });
      observed.framed.farewell({ why: "close", reason: reason as never });
      expect(observed.lines).toEqual(["throws TypeError"]);
    }
  });
});

describe("3: a huge number of fields hides the Upgrade, CVE-2024-37890", () => {
  test.each([0, 1, 2, 101, 2000])(
    "%i fields in place of those that must be there: an answer, never a crash",
    (count) => {
      const end = received(websocket(), `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(count)}\r\n`);
      expect([end.status, end.isOpened]).toEqual([count > 100 ? 431 : 400, false]);
    },
  );
});

describe("4: names of prototypes, and spaces without end, CVE-2021-32640", () => {
  test.each(["__proto__", "constructor", "hasOwnProperty"])("%s is a token like any other", (name) => {
    const changes = {
      "Sec-WebSocket-Protocol": name,
      "Sec-WebSocket-Extensions": `${name}; ${name}=${name}`,
      [name]: "x",
    };
    const end = received(websocket({ deflate: true }), request(changes));
    expect(end.status).toBe(101);
  });

  test("a head full of spaces is read in one pass", () => {
    const spaces = " ".repeat(16_000);
    const start = performance.now();
    for (const name of ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Connection", "Upgrade"]) {
      for (const value of [`a${spaces}b`, `a,${spaces}`, `a;${spaces}`])
        new End(websocket()).receive(request({ [name]: value }));
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("5: messages without a limit, CVE-2016-10542", () => {
  test.each(roles)("16 MiB by default: 1009, as %s", (role) => {
    expect(heard([binary("", { length: 16 * MiB + 1 })], {}, role)).toEqual([
      "sends close 1009",
      "fails WS_TOO_LARGE",
    ]);
  });
});

describe("6: inflate bombs, CVE-2026-1526", () => {
  test("one that makes 1 GiB of 1 MiB stops at the limit: 1009, at the price of the limit", () => {
    const bomb = Buffer.concat(Array(1024).fill(deflateRawSync(Buffer.alloc(MiB), FLUSHED)));
    expect(bomb.length).toBeLessThan(1.1 * MiB);
    const before = process.resourceUsage().maxRSS;
    expect(heard([binary(bomb, { rsv: 4 })], { deflate: {}, maxMessageSize: 2 * MiB })).toEqual([
      "sends close 1009",
      "fails WS_TOO_LARGE",
    ]);
    const grownBy = (process.resourceUsage().maxRSS - before) * 1024;
    expect(grownBy).toBeLessThan(64 * MiB);
  });
});

describe("7: parameters of permessage-deflate that end the process, CVE-2026-2229", () => {
  const values = [
    "=1000",
    "=0",
    "=7",
    "=16",
    "=08",
    "=",
    '=""',
    "=-1",
    "=1e1",
    "=9; server_max_window_bits=9",
  ];
  test.each(values)("server_max_window_bits%s: an answer, never a crash", (value) => {
    const changes = { "Sec-WebSocket-Extensions": `permessage-deflate; server_max_window_bits${value}` };
    const end = received(websocket({ deflate: true }), request(changes));
    const isUnreadable = value === "=" || value === '=""';
    expect([end.status, end.code]).toEqual(isUnreadable ? [400, "WS_EXTENSION"] : [101, undefined]);
    expect(end.sent.toString()).not.toContain("permessage-deflate");
  });
});

describe("8: lengths of 64 bits, CVE-2026-1528", () => {
  const rows: [what: string, frame: Frame, lines: string[]][] = [
    ["2^53", binary("", { length: 2n ** 53n }), ["sends close 1009", "fails WS_TOO_LARGE"]],
    ["2^63 - 1", binary("", { length: 2n ** 63n - 1n }), ["sends close 1009", "fails WS_TOO_LARGE"]],
    ["2^63", binary("", { length: 2n ** 63n }), ["sends close 1002", "fails WS_LENGTH"]],
    ["2^64 - 1", binary("", { length: 2n ** 64n - 1n }), ["sends close 1002", "fails WS_LENGTH"]],
    [
      "125 in 16 bits",
      binary(Buffer.alloc(125), { lengthBytes: 2 }),
      ["sends close 1002", "fails WS_LENGTH"],
    ],
    [
      "65535 in 64 bits",
      binary(Buffer.alloc(65535), { lengthBytes: 8 }),
      ["sends close 1002", "fails WS_LENGTH"],
    ],
  ];
  for (const role of roles)
    test.each(rows)(`%s, as ${role}`, (_, frame, lines) => expect(heard([frame], {}, role)).toEqual(lines));
});

describe("9: limits that count frames and not messages", () => {
  const terms = { maxMessageSize: 100 };
  const tooLarge = ["sends close 1009", "fails WS_TOO_LARGE"];
  test("over fragments", () => {
    expect(heard([binary(Buffer.alloc(60), open), more(Buffer.alloc(60))], terms)).toEqual(tooLarge);
  });
  test("behind an empty first fragment", () => {
    expect(heard([binary("", open), more(Buffer.alloc(101))], terms)).toEqual(tooLarge);
  });
  test("after inflating", () => {
    expect(heard([binary(deflated(Buffer.alloc(101)), { rsv: 4 })], { ...terms, deflate: {} })).toEqual(
      tooLarge,
    );
  });
  test("after inflating what came in fragments", () => {
    const payload = deflated(Buffer.alloc(101));
    const frames = [binary(payload.subarray(0, 3), { rsv: 4, ...open }), more(payload.subarray(3))];
    expect(heard(frames, { ...terms, deflate: {} })).toEqual(tooLarge);
  });
});

describe("10: drafts, and what is kept of a head, CVE-2026-54466", () => {
  test("no draft is spoken: one of Hixie's handshakes gets 400, one of HyBi's 426", () => {
    const hixie = {
      "Sec-WebSocket-Key": undefined,
      "Sec-WebSocket-Version": undefined,
      "Sec-WebSocket-Key1": "4 @1  46546xW%0l 1 5",
    };
    expect(received(websocket(), request(hixie)).status).toBe(400);
    expect(received(websocket(), request({ "Sec-WebSocket-Version": "8" })).status).toBe(426);
  });

  test("limits hold before and after inflating", () => {
    const terms = { deflate: {}, maxMessageSize: 100 };
    expect(heard([binary(Buffer.alloc(101), { rsv: 4 })], terms)).toEqual([
      "sends close 1009",
      "fails WS_TOO_LARGE",
    ]);
  });

  test("a head is not kept beyond its limit", () => {
    const end = new End(websocket());
    for (let i = 0; i < 100; i++) end.receive("x".repeat(1000));
    expect([end.status, end.code]).toEqual([431, "HTTP_HEAD_SIZE"]);
    expect(end.framed.retained).toBeLessThan(64 * 1024);
  });
});

describe("11: each fragment measured anew, CVE-2026-65623", () => {
  test("twice the fragments take about twice as long, not four times", () => {
    const time = (count: number) => {
      const frames = [
        text("a".repeat(40), open),
        ...Array.from({ length: count }, () => more("a".repeat(40), open)),
      ];
      const stream = bytesOf(frames, true);
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 5; round++) {
        const observed = new Observed("server");
        const start = performance.now();
        for (let at = 0; at < stream.length; at += 4600)
          observed.receive(Buffer.from(stream.subarray(at, at + 4600)));
        best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    time(10_000);
    const once = time(20_000);
    expect(time(80_000) / once).toBeLessThan(8);
  });
});

describe("33: rules that others let pass, Bun 32820", () => {
  for (const role of roles) {
    test(`a mask that should not be there, or should: 1002, as ${role}`, () => {
      expect(heard([text("a", { isWronglyMasked: true })], {}, role)).toEqual([
        "sends close 1002",
        "fails WS_MASK",
      ]);
    });
  }
  const rows: [what: string, frame: Frame, lines: string[]][] = [
    ["a code that is none", close(1005), ["sends close 1002", "fails WS_CLOSE_CODE"]],
    ["a Close of one byte", { opcode: 8, payload: "x" }, ["sends close 1002", "fails WS_CLOSE"]],
    ["a reason that is no text", close(1000, Buffer.of(0xff)), ["sends close 1007", "fails WS_UTF8"]],
  ];
  test.each(rows)("%s", (_, frame, lines) => expect(heard([frame])).toEqual(lines));

  test.each([0, 1005, 1006, 1015, 2999, 5000])("our side cannot close with %i either", (code) => {
    const observed = new Observed("server", {}, { isBuggy: true });
    observed.framed.farewell({ why: "close", code });
    expect(observed.lines).toEqual(["throws RangeError"]);
  });
});

// 37, masks that can be predicted: see "keys come from a generator that nobody can predict" in handshake-client.test.ts.

describe("41: bytes that drip", () => {
  test("a handshake has one deadline from its first byte to its last, however often a byte comes", () => {
    const end = new End(websocket());
    for (const byte of Buffer.from(request())) end.receive(Buffer.of(byte));
    expect([end.phases, end.status]).toEqual([["handshake", "open"], 101]);
  });

  test("a deadline that passes is answered", () => {
    const end = new End(websocket()).receive("GET /");
    end.framed.farewell({ why: "deadline", phase: "handshake" });
    expect([end.status, end.isEnded]).toEqual([408, true]);
  });

  test("a frame that is announced costs what has come of it, not what it says", () => {
    const observed = new Observed("server").receive(
      bytesOf([binary("", { length: 16 * MiB })], true).subarray(0, 14),
    );
    observed.receive(Buffer.of(1));
    expect(observed.framed.retained).toBeLessThan(1024);
  });
});

describe("42: floods of controls", () => {
  test("100,000 pings: each is answered, nothing is kept", () => {
    const observed = new Observed("server");
    const hundred = bytesOf(
      Array.from({ length: 100 }, () => ping("p")),
      true,
    );
    for (let i = 0; i < 1000; i++) {
      observed.receive(Buffer.from(hundred));
      expect(observed.lines.splice(0).length).toBe(200);
    }
    expect(observed.framed.retained).toBe(0);
  });

  test("pongs that nobody asked for are noted, and nothing else", () => {
    expect(heard([pong("a"), pong("b")])).toEqual(["note pong a", "note pong b"]);
  });

  test("a second Close, and data behind the first, are not looked at", () => {
    expect(heard([close(1000), close(1001), text("a"), ping("b"), text("c", { rsv: 7 })])).toEqual([
      "sends close 1000",
      "note close 1000",
      "ends",
    ]);
  });
});

function deflated(payload: Buffer): Buffer {
  return deflateRawSync(payload, FLUSHED).subarray(0, -4);
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
