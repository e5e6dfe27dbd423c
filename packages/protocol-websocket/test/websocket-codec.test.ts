import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { type Bytes, type Farewell, toBuffer } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { ping } from "../src/index.ts";
import { binary, bytesOf, close, more, open, ping as pingFrame, readFrames, text } from "./frames.ts";
import { Observed, type Role, type Terms } from "./observe.ts";

const roles = ["server", "client"] as const;
const from = (role: Role, ...frames: Parameters<typeof bytesOf>[0]) => bytesOf(frames, role === "server");

describe("sending", () => {
  const sent = (message: string | Uint8Array, terms?: Terms): Bytes => {
    const codec = new Observed("server", terms).framed.codec;
    return codec.encode(message) as Bytes;
  };

  test.each(roles)("strings are text, bytes are binary: as %s", (role) => {
    const observed = new Observed(role);
    for (const message of [
      "",
      "é",
      "a".repeat(126),
      "ä".repeat(40_000),
      new Uint8Array(),
      Buffer.from("b"),
    ]) {
      observed.framed.send(message);
    }
    const kinds = observed.lines.map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(kinds).toEqual([
      "sends text",
      "sends text",
      "sends text",
      "sends text",
      "sends binary",
      "sends binary",
    ]);
  });

  test("lengths take as few bytes as they can", () => {
    const headers = [0, 125, 126, 65535, 65536].map((size) =>
      toBuffer(sent(new Uint8Array(size))).subarray(0, 10),
    );
    expect(headers.map((header) => header.toString("hex"))).toEqual([
      "8200",
      "827d0000000000000000",
      "827e007e000000000000",
      "827effff000000000000",
      "827f0000000000010000",
    ]);
  });

  test("small messages are joined with their header, large ones are not copied", () => {
    expect(sent(new Uint8Array(2048))).toBeInstanceOf(Uint8Array);
    const large = new Uint8Array(2049);
    expect((sent(large) as Uint8Array[])[1]).toBe(large);
  });

  test("text that would not come back the same is refused, and the connection goes on", () => {
    const observed = new Observed("server");
    expect(() => observed.framed.send("a\ud800b")).toThrow(TypeError);
    observed.framed.send("a\ufffdb");
    expect(observed.lines).toEqual(["sends text a\ufffdb"]);
  });

  const strangers: unknown[] = [1, null, undefined, true, {}, [], { type: "pong" }, new ArrayBuffer(8)];
  strangers.push(
    new SharedArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
    new Uint16Array(4),
    new Float64Array(1),
  );
  strangers.push(new Uint8ClampedArray(4), Symbol("s"), 10n, () => {});
  test.each(strangers)(
    "no message: %o. Nothing is sent, uninitialised memory least of all: BAD-INPUT 2 and 5",
    (stranger) => {
      const observed = new Observed("server");
      expect(() => observed.framed.send(stranger as never)).toThrow(TypeError);
      expect(observed.lines).toEqual([]);
    },
  );

  test("bytes of any kind of Uint8Array are what was written in them", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
    const view = new Uint8Array(new ArrayBuffer(16), 4, 4).fill(7);
    for (const message of [shared, view, Buffer.alloc(4, 7)]) {
      expect(toBuffer(sent(message)).toString("hex")).toBe("820407070707");
    }
  });
});

describe("pings that are sent", () => {
  test.each(roles)("as values, with data or without: as %s", (role) => {
    const observed = new Observed(role);
    observed.framed.send(ping());
    observed.framed.send(ping("é"));
    observed.framed.send(ping(Buffer.from("b")));
    expect(observed.lines).toEqual(["sends ping", "sends ping é", "sends ping b"]);
  });

  test("with 125 bytes at most", () => {
    const observed = new Observed("server");
    observed.framed.send(ping("x".repeat(125)));
    expect(() => ping("x".repeat(126))).toThrow(RangeError);
    expect(() => ping("é".repeat(63))).toThrow(RangeError);
    expect(() => observed.framed.send({ type: "ping", data: new Uint8Array(126) })).toThrow(RangeError);
    expect(() => ping(5 as never)).toThrow(TypeError);
    expect(observed.lines.length).toBe(1);
  });

  test("for the heartbeat, without data; none when our Close is out", () => {
    const { framed } = new Observed("server");
    expect(toBuffer(framed.codec.ping!()).toString("hex")).toBe("8900");
    framed.farewell({ why: "stop" });
    expect(toBuffer(framed.codec.ping!()).length).toBe(0);
  });
});

describe("our side closes", () => {
  const codes: [why: Farewell, code: number, reason: string][] = [
    [{ why: "close" }, 1000, ""],
    [{ why: "close", reason: "bye" }, 1000, "bye"],
    [{ why: "close", code: 4001, reason: "é" }, 4001, "é"],
    [{ why: "stop" }, 1001, ""],
    [{ why: "drain" }, 1012, ""],
    [{ why: "fault", error: new Error("secret") }, 1011, ""],
    [{ why: "deadline", phase: "idle" }, 1008, "too slow: idle"],
    [{ why: "limit", what: "frame", limit: 10 }, 1009, "the limit is 10"],
    [{ why: "limit", what: "memory", limit: 10 }, 1009, "the limit is 10"],
    [{ why: "limit", what: "rate", limit: 10 }, 1008, "the limit is 10"],
  ];
  test.each(codes)("%j: %i %s", (why, code, reason) => {
    for (const role of roles) {
      const observed = new Observed(role);
      expect(observed.framed.farewell(why)).toBe(true);
      expect(observed.lines).toEqual([`sends close ${code}`]);
      expect(observed.reasons).toEqual([reason]);
    }
  });

  test.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, Number.NaN])(
    "%d never goes out",
    (code) => {
      const observed = new Observed("server", {}, { isBuggy: true });
      expect(observed.framed.farewell({ why: "close", code })).toBe(false);
      expect(observed.lines).toEqual(["throws RangeError"]);
    },
  );

  test("a reason of 123 bytes goes out, one of 124 does not, nor one that is no text", () => {
    const closing = (reason: string) => {
      const observed = new Observed("server", {}, { isBuggy: true });
      observed.framed.farewell({ why: "close", reason });
      return observed.lines;
    };
    expect(closing("é".repeat(61))).toEqual(["sends close 1000"]);
    expect(closing("x".repeat(123))).toEqual(["sends close 1000"]);
    expect(closing("é".repeat(62))).toEqual(["throws RangeError"]);
    expect(closing("\udc00")).toEqual(["throws TypeError"]);
  });

  test.each(roles)(
    "then no message goes out, RFC 6455 5.5.1; those that come are delivered: as %s",
    (role) => {
      const observed = new Observed(role);
      observed.framed.farewell({ why: "close" });
      observed.framed.send("late");
      observed.framed.send(ping());
      observed.receive(from(role, text("on its way"), pingFrame("p")));
      expect(observed.lines).toEqual(["sends close 1000", "text on its way", "sends pong p", "note ping p"]);
    },
  );

  test("the peer's Close is awaited, noted and not answered; a server ends then", () => {
    const observed = new Observed("server");
    observed.framed.farewell({ why: "close", code: 4000 });
    observed.receive(from("server", close(1000, "ok"), text("lost")));
    expect(observed.lines).toEqual(["sends close 4000", "note close 1000 ok", "ends"]);
  });

  test("that nothing more may be said shows, whoever has closed", () => {
    const ours = new Observed("client").framed;
    const theirs = new Observed("client");
    expect([ours.codec.closing, theirs.framed.codec.closing]).toEqual([false, false]);
    ours.farewell({ why: "close" });
    theirs.receive(from("client", close(1000)));
    theirs.framed.send("late");
    expect([ours.codec.closing, theirs.framed.codec.closing]).toEqual([true, true]);
    expect(theirs.lines).toEqual(["sends close 1000", "note close 1000"]);
  });

  test("a second farewell says nothing more", () => {
    const observed = new Observed("server");
    observed.framed.farewell({ why: "close" });
    observed.framed.farewell({ why: "stop" });
    expect(observed.lines).toEqual(["sends close 1000"]);
  });

  test("a deadline while the peer's Close is awaited ends it", () => {
    const observed = new Observed("server");
    observed.framed.farewell({ why: "close" });
    observed.framed.farewell({ why: "deadline", phase: "closing" });
    expect(observed.lines).toEqual(["sends close 1000", "ends"]);
  });

  test("an error behind our Close has no farewell: ours is out", () => {
    const observed = new Observed("server");
    observed.framed.farewell({ why: "close" });
    observed.receive(from("server", text("x", { rsv: 1 })));
    expect(observed.lines).toEqual(["sends close 1000", "fails WS_RSV"]);
  });
});

test.each(roles)("a Close is answered with its code, not with its reason: as %s", (role) => {
  const observed = new Observed(role).receive(from(role, close(4001, "bye")));
  expect([observed.lines[0], observed.reasons]).toEqual(["sends close 4001", [""]]);
});

describe("the peer's end", () => {
  const finish = (observed: Observed) => {
    observed.framed.finish();
    return observed.lines;
  };

  test.each(roles)("without a Close: 1006, which stands on no wire: as %s", (role) => {
    expect(finish(new Observed(role))).toEqual(["note close 1006", "ends"]);
  });

  test.each(roles)("within a frame: an error besides: as %s", (role) => {
    const observed = new Observed(role).receive(from(role, text("whole")).subarray(0, 4));
    expect(finish(observed)).toEqual(["note close 1006", "fails UNEXPECTED_END"]);
  });

  test.each(roles)("between fragments: 1006: as %s", (role) => {
    expect(finish(new Observed(role).receive(from(role, text("a", open))))).toEqual([
      "note close 1006",
      "ends",
    ]);
  });

  test.each(roles)("while its Close is awaited: 1006: as %s", (role) => {
    const observed = new Observed(role);
    observed.framed.farewell({ why: "close" });
    expect(finish(observed)).toEqual(["sends close 1000", "note close 1006", "ends"]);
  });

  test("behind its Close: no more is noted", () => {
    expect(finish(new Observed("server").receive(from("server", close(1000))))).toEqual([
      "sends close 1000",
      "note close 1000",
      "ends",
      "ends",
    ]);
  });
});

describe("what is alike", () => {
  const alike = (role: Role, terms?: Terms) => new Observed(role, terms).framed.codec.alike;

  test("all servers, and those that compress in the same way without a window", () => {
    expect(alike("server")).toBeDefined();
    expect(alike("server")).toBe(alike("server"));
    expect(alike("server", { deflate: {} })).toBe(alike("server", { deflate: {} }));
    expect(alike("server", { deflate: { threshold: 1 } })).not.toBe(alike("server", { deflate: {} }));
    expect(alike("server", { deflate: {} })).not.toBe(alike("server"));
  });

  test("no client: masks differ. Nor what compresses with a window", () => {
    expect(alike("client")).toBe(undefined);
    expect(alike("server", { deflate: { sendTakeover: true } })).toBe(undefined);
  });

  test("none whose Close is out: it must not send a message that was encoded for another", () => {
    const { framed } = new Observed("server");
    framed.farewell({ why: "close" });
    expect(framed.codec.alike).toBe(undefined);
  });
});

describe("what is retained", () => {
  test("nothing, but for a message that comes in fragments: its bytes and little more, however many there are", () => {
    const observed = new Observed("server");
    expect(observed.framed.codec.retained).toBe(0);
    observed.receive(from("server", text("a".repeat(1000), open)));
    expect(observed.framed.codec.retained).toBeGreaterThanOrEqual(1000);
    for (let i = 0; i < 10_000; i++) observed.receive(from("server", more(i % 2 === 0 ? "b" : "", open)));
    expect(observed.framed.codec.retained).toBeLessThan(2 * 6000 + 1000);
    observed.receive(from("server", more("c")));
    expect(observed.framed.codec.retained).toBe(0);
  });

  test("with deflate nothing, unless windows are taken over: those", () => {
    const compressed = () => {
      const payload = deflateRawSync("a".repeat(100_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
        0,
        -4,
      );
      return from("server", text(payload, { rsv: 4 }));
    };
    const without = new Observed("server", { deflate: {} }).receive(compressed());
    without.framed.send("a".repeat(100_000));
    expect(without.framed.codec.retained).toBe(0);
    const taking = new Observed("server", { deflate: { sendTakeover: true, receiveTakeover: true } }).receive(
      compressed(),
    );
    taking.framed.send("a".repeat(100_000));
    expect(taking.framed.codec.retained).toBe(2 * 32_768);
  });
});

describe("what is delivered", () => {
  test("binary messages are views of their frames", () => {
    const stream = Buffer.from(from("client", binary("abc")));
    const messages: unknown[] = [];
    const observed = new Observed("client", {}, { onMessage: (message) => messages.push(message) });
    observed.receive(stream);
    expect((messages[0] as Uint8Array).buffer).toBe(stream.buffer);
  });

  test.each([0, 1, 2, 3])("wherever frames stand in memory, they are unmasked: %i bytes off", (offset) => {
    for (const size of [1, 7, 95, 96, 97, 98, 99, 1000]) {
      const payload = Buffer.from(Array.from({ length: size }, (_, i) => i));
      const stream = from("server", binary(payload));
      const memory = Buffer.alloc(offset + stream.length + 8);
      stream.copy(memory, offset);
      const messages: unknown[] = [];
      const observed = new Observed("server", {}, { onMessage: (message) => messages.push(message) });
      observed.receive(memory.subarray(offset, offset + stream.length));
      expect(payload.equals(messages[0] as Buffer)).toBe(true);
      expect(memory.subarray(0, offset).every((byte) => byte === 0)).toBe(true);
      expect(memory.subarray(offset + stream.length).every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe("compressing", () => {
  const deflate = { threshold: 10 };

  test("messages from the threshold on; smaller ones, and those that would grow, go as they are", () => {
    const observed = new Observed("server", { deflate });
    observed.framed.send("a".repeat(9));
    observed.framed.send("a".repeat(10));
    observed.framed.send(Buffer.from("0123456789"));
    expect(observed.lines.map((line) => line.split(" ", 2)[1])).toEqual(["text", "deflated", "binary"]);
  });

  test("controls never", () => {
    const observed = new Observed("server", { deflate: { threshold: 0 } });
    observed.framed.send(ping("a".repeat(100)));
    observed.framed.farewell({ why: "close", reason: "a".repeat(100) });
    expect(observed.lines.map((line) => line.split(" ", 2)[1])).toEqual(["ping", "close"]);
  });

  test("the same again is nearly nothing with a window, and the same without", () => {
    const sizes = (terms: Terms) => {
      const codec = new Observed("server", terms).framed.codec;
      const message = Array.from({ length: 100 }, (_, i) => (i * 7919) % 1000).join();
      return [message, message].map((one) => toBuffer(codec.encode(one) as Bytes).length);
    };
    const [first, second] = sizes({ deflate: { ...deflate, sendTakeover: true } });
    expect(second!).toBeLessThan(first! / 5);
    const [once, again] = sizes({ deflate });
    expect(again).toBe(once);
  });

  test.each([8, 9, 10, 12, 15])("references reach no further back than a window of %i bits", (bits) => {
    const words = Array.from({ length: 4000 }, (_, i) => `${(i * 7919) % 97}`).join(" ");
    const codec = new Observed("server", { deflate: { sendWindowBits: bits } }).framed.codec;
    const [frame] = readFrames(toBuffer(codec.encode(words) as Bytes));
    // In small pieces zlib keeps to the window it was given, and fails on what lies beyond.
    const options = { windowBits: bits, chunkSize: 64, finishFlush: constants.Z_SYNC_FLUSH };
    expect(inflateRawSync(frame!.payload, options).toString()).toBe(words);
    if (bits > 12)
      expect(() => inflateRawSync(frame!.payload, { ...options, windowBits: 8 })).toThrow("too far back");
  });
});
