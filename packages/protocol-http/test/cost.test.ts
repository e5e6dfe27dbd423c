import { setImmediate as turn } from "node:timers/promises";
import { asBuffer } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { ChunkedReader } from "../src/chunked.ts";
import { DEFAULT_HEAD_LIMITS, HeadParser, REQUEST } from "../src/head.ts";
import type { IncomingBody } from "../src/index.ts";
import { Served, streaming } from "./server.ts";

// What bytes cost, counted: how often one is looked at, and what is kept.

/** Bytes that count how often one of them is looked at. */
class Counted {
  looks = 0;

  of(bytes: Uint8Array): Buffer {
    return new Proxy(asBuffer(bytes), {
      get: (target, key) => {
        if (key === "indexOf") {
          return (byte: number, from = 0) => {
            const at = target.indexOf(byte, from);
            this.looks += (at === -1 ? target.length : at + 1) - Math.min(from, target.length);
            return at;
          };
        }
        if (typeof key === "string" && /^\d+$/.test(key)) this.looks++;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
  }
}

/** Looks at the bytes of `text` when it is dripped in `pieces` of that size. */
function looksAtHead(text: string, size: number): number {
  const counted = new Counted();
  const parser = new HeadParser(REQUEST, { ...DEFAULT_HEAD_LIMITS, maxHeadSize: 1e9, maxFields: 1e9 });
  const bytes = Buffer.from(text, "latin1");
  for (let end = size; end < bytes.length + size; end += size)
    parser.scan(counted.of(bytes.subarray(0, end)));
  return counted.looks;
}

function looksAtChunks(text: string, size: number): number {
  const counted = new Counted();
  const reader = new ChunkedReader(REQUEST, DEFAULT_HEAD_LIMITS, Infinity);
  const bytes = Buffer.from(text, "latin1");
  let taken = 0;
  for (let end = size; end < bytes.length + size; end += size) {
    const length = reader.measure(counted.of(bytes.subarray(taken, end)));
    if (length > 0) reader.decode(Buffer.from(bytes.subarray(taken, taken + length)));
    taken += length;
  }
  expect(reader.hasEnded).toBe(true);
  return counted.looks;
}

describe("each byte is looked at a few times, however it comes", () => {
  const LOOKS = 6;
  const field = (size: number) => `GET / HTTP/1.1\r\nA: ${"b".repeat(size)}\r\n\r\n`;
  const heads: [what: string, head: string][] = [
    ["a head with one long value", field(10_000)],
    ["of many short fields", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(1500)}\r\n`],
    ["of values full of blanks", `GET / HTTP/1.1\r\nA: ${" ".repeat(10_000)}\r\n\r\n`],
    [
      "with blanks around and within",
      `GET / HTTP/1.1\r\n${`A: ${" \t".repeat(200)}b${" ".repeat(200)}\r\n`.repeat(15)}\r\n`,
    ],
    ["of a long name", `GET / HTTP/1.1\r\n${"A".repeat(10_000)}: b\r\n\r\n`],
    ["of a long target", `GET /${"a".repeat(8000)} HTTP/1.1\r\n\r\n`],
  ];
  test.each(heads)("%s", (_, head) => {
    for (const size of [1, 2, 7, 1000, 20_000]) {
      expect([size, looksAtHead(head, size) / head.length < LOOKS]).toEqual([size, true]);
    }
  });

  const bodies: [what: string, body: string][] = [
    ["ten thousand chunks of one byte", `${"1\r\nx\r\n".repeat(10_000)}0\r\n\r\n`],
    ["extensions", `${`1;${"a".repeat(1000)}\r\nx\r\n`.repeat(16)}0\r\n\r\n`],
    ["trailers", `0\r\n${"A: b\r\n".repeat(100)}\r\n`],
    ["one large chunk", `4e20\r\n${"x".repeat(20_000)}\r\n0\r\n\r\n`],
    ["a chunk whose data are line ends", `4e20\r\n${"\r\n".repeat(10_000)}\r\n0\r\n\r\n`],
  ];
  test.each(bodies)("a body of %s", (_, body) => {
    for (const size of [1, 2, 7, 1000, 100_000]) {
      expect([size, looksAtChunks(body, size) / body.length < LOOKS]).toEqual([size, true]);
    }
  });

  test("data of chunks is not looked at for line ends", () => {
    const body = `f4240\r\n${"x".repeat(1_000_000)}\r\n0\r\n\r\n`;
    expect(looksAtChunks(body, 65_536)).toBeLessThan(1000);
  });

  test("the count sees what is quadratic: a search from the start at each byte", () => {
    const counted = new Counted();
    const bytes = Buffer.from(field(1000));
    for (let end = 1; end <= bytes.length; end++) counted.of(bytes.subarray(0, end)).indexOf(0x0a);
    expect(counted.looks / bytes.length).toBeGreaterThan(LOOKS);
  });
});

describe("a million chunks of one byte", () => {
  const HEAD = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const COUNT = 1_000_000;
  const READ = 64 * 1024;

  async function feed(served: Served | Served<IncomingBody>, see: () => void): Promise<void> {
    const stream = Buffer.from(`${"1\r\nx\r\n".repeat(COUNT)}0\r\n\r\n`);
    for (let at = 0; at < stream.length; at += READ) {
      served.receive(stream.subarray(at, at + READ));
      see();
      // As a connection does: what is held back is not read.
      while (served.framed.isBlocked && served.framed.unread >= READ) await turn();
    }
  }

  test("whole: takes about its data, and is one frame a read, not a million", async () => {
    const served = new Served().receive(HEAD);
    const { codec } = served.framed;
    let frames = 0;
    const decode = codec.decode.bind(codec);
    codec.decode = (frame) => {
      frames++;
      return decode(frame);
    };
    let most = 0;
    await feed(served, () => {
      most = Math.max(most, served.framed.retained);
    });
    expect(served.request.body.equals(Buffer.alloc(COUNT, "x"))).toBe(true);
    expect(frames).toBeLessThan(400);
    // Memory that doubles.
    expect(most).toBeLessThan(2 * COUNT + 2 * READ);
  });

  test("as it comes: gives a piece a read, and keeps nothing", async () => {
    const served = streaming().receive(HEAD);
    let size = 0;
    let pieces = 0;
    const reading = (async () => {
      for await (const piece of served.request.body) {
        size += piece.length;
        pieces++;
      }
    })();
    let most = 0;
    await feed(served, () => {
      most = Math.max(most, served.framed.retained);
    });
    await reading;
    expect(size).toBe(COUNT);
    expect(pieces).toBeLessThan(400);
    expect(most).toBeLessThan(8 * READ);
  });

  test("kept unread, they keep no more memory than twice what they are", async () => {
    const served = streaming().receive(HEAD);
    // As much around each byte as may be: zeros before its size.
    while (!served.framed.isBlocked) served.receive("0000000000000001\r\nx\r\n".repeat(READ / 21));
    const { body } = served.request;
    const { retained } = body;
    const memory = new Set<ArrayBufferLike>();
    let size = 0;
    for await (const piece of body) {
      memory.add(piece.buffer);
      size += piece.length;
      if (body.retained === 0) break;
    }
    const kept = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(kept).toBeLessThan(2 * size + READ);
    expect(retained).toBeGreaterThanOrEqual(size);
  });
});
