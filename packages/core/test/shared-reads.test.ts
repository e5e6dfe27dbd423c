import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { onread, RECEIVER } from "../src/transport/shared-reads.ts";

const KIB = 1024;
const nextBuffer = onread.buffer as () => Buffer;
/** What all sockets begin with. */
const shared = nextBuffer();

/** A socket without one: it is read into and asks for buffers as Node does. */
class Reading {
  buffer = nextBuffer();
  isPaused = false;
  /** What it has received, and what that was when it came. */
  readonly chunks: Buffer[] = [];
  readonly copies: Buffer[] = [];
  /** Happens while a chunk is received. */
  meanwhile = () => {};

  readonly [RECEIVER] = this;

  received(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    this.copies.push(Buffer.from(chunk));
    this.meanwhile();
    return !this.isPaused;
  }

  /** As much as the kernel has, of what there is room for. */
  read(available = Number.POSITIVE_INFINITY): this {
    const { buffer } = this;
    const length = Math.min(available, buffer.length);
    randomBytes(length).copy(buffer);
    onread.callback.call(this, length, buffer);
    this.buffer = nextBuffer();
    return this;
  }

  get sizes(): number[] {
    return this.chunks.map((chunk) => chunk.length / KIB);
  }

  get last(): Buffer {
    return this.chunks.at(-1) as Buffer;
  }
}

test("whoever has little to read shares a buffer with all others, and has a copy of its own", () => {
  const socket = new Reading().read(100);
  expect(socket.buffer).toBe(shared);
  expect(socket.last.buffer).not.toBe(shared.buffer);
});

describe("whoever fills what it reads into", () => {
  test("reads into its own next, and into one twice as large when it fills that, up to 256 KiB", () => {
    const socket = new Reading().read().read().read().read().read();
    expect(socket.sizes).toEqual([64, 64, 128, 256, 256]);
    expect(new Set(socket.chunks.map((chunk) => chunk.buffer)).size).toBe(5);
  });

  test("is given that memory, not a copy", () => {
    const socket = new Reading().read();
    const { buffer } = socket;
    expect(socket.read().last).toBe(buffer);
  });

  test("has none of its own while it is paused", () => {
    const socket = new Reading().read();
    socket.isPaused = true;
    socket.read();
    expect(socket.buffer).toBe(shared);
  });

  test("keeps it to itself: a socket that is made meanwhile shares", () => {
    const socket = new Reading().read();
    let made: Reading | undefined;
    socket.meanwhile = () => {
      made = new Reading();
    };
    socket.read();
    expect(made?.buffer).toBe(shared);
    expect(new Reading().buffer).toBe(shared);
  });
});

describe("whoever has less to read than its own buffer holds", () => {
  test.each([
    ["half of it: a view, of memory that is at most twice as large", 32 * KIB, true],
    ["less: a copy", 32 * KIB - 1, false],
  ])("%s", (_, length, isView) => {
    const socket = new Reading().read();
    const { buffer } = socket;
    expect(socket.read(length).last.buffer === buffer.buffer).toBe(isView);
    expect(socket.last.length).toBe(length);
  });

  test("shares again", () => {
    expect(new Reading().read().read(40 * KIB).buffer).toBe(shared);
    expect(new Reading().read().read(1).buffer).toBe(shared);
  });

  test("leaves it to the next that wants one as large, if nothing is kept in it", () => {
    const socket = new Reading().read();
    const { buffer } = socket;
    socket.read(1);
    expect(new Reading().read().buffer).toBe(buffer);
    expect(new Reading().read().buffer).not.toBe(buffer);
  });

  test("one of 256 KiB is not for whoever has sent 64", () => {
    new Reading().read().read().read().read(1);
    expect(new Reading().read().buffer.length).toBe(64 * KIB);
  });
});

test("what was received is never written again, however sockets take turns", () => {
  const anyRead = fc.record({
    who: fc.nat({ max: 3 }),
    available: fc.oneof(
      { weight: 3, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
      fc.integer({ min: 1, max: 256 * KIB }),
      fc.integer({ min: 1, max: 100 }),
    ),
    isPaused: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(anyRead, { maxLength: 30 }), (reads) => {
      const sockets = Array.from({ length: 4 }, () => new Reading());
      for (const { who, available, isPaused } of reads) {
        const socket = sockets[who] as Reading;
        socket.isPaused = isPaused;
        socket.read(available);
      }
      for (const { chunks, copies } of sockets)
        expect(Buffer.concat(chunks).equals(Buffer.concat(copies))).toBe(true);
    }),
    { numRuns: 50 },
  );
});
