import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RecvBuffer } from "../src/recv-buffer.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

afterEach(() => vi.restoreAllMocks());

test("bytes come out as they went in, wherever they are cut", () => {
  const buffer = new RecvBuffer();
  buffer.append(Buffer.from("ab"));
  buffer.append(Buffer.from("cde"));
  expect(buffer.length).toBe(5);
  expect(buffer.unread().toString()).toBe("abcde");
  expect(buffer.take(1).toString()).toBe("a");
  expect(buffer.take(3).toString()).toBe("bcd");
  expect(buffer.unread().toString()).toBe("e");
  expect(buffer.length).toBe(1);
});

test("an empty buffer has nothing unread, and keeps nothing", () => {
  const buffer = new RecvBuffer();
  expect(buffer.unread()).toHaveLength(0);
  expect(buffer.take(0)).toHaveLength(0);
  buffer.append(Buffer.alloc(0));
  buffer.append(Buffer.from("ab"));
  buffer.append(Buffer.alloc(0));
  buffer.take(2);
  expect(buffer.length).toBe(0);
  expect(buffer.retained).toBe(0);
});

test("a lone chunk is not copied: what is taken are views of it", () => {
  const chunk = Buffer.from("abcdef");
  const buffer = new RecvBuffer();
  buffer.append(chunk);
  expect(buffer.unread()).toBe(chunk);
  expect(buffer.take(4).buffer).toBe(chunk.buffer);
  expect(buffer.take(2).buffer).toBe(chunk.buffer);
});

test("the end of a chunk whose beginning completed a frame is not copied", () => {
  const [first, second] = [Buffer.alloc(10, 1), Buffer.alloc(10_000, 2)];
  const copy = spyOnCopy();
  const buffer = new RecvBuffer();
  buffer.append(first, 0);
  buffer.append(second, 20);
  expect(buffer.length).toBe(10_010);
  expect(buffer.retained).toBe(20 + second.length);
  expect(buffer.take(20)).toEqual(Buffer.concat([first, second.subarray(0, 10)]));
  expect(buffer.unread()).toEqual(second.subarray(10));
  expect(buffer.unread().buffer).toBe(second.buffer);
  expect(copy.bytes).toBe(20);
});

test("what is taken may reach beyond the length that was known", () => {
  const buffer = new RecvBuffer();
  buffer.append(Buffer.alloc(10, 1));
  buffer.append(Buffer.alloc(100, 2), 20);
  expect(buffer.take(30)).toEqual(Buffer.concat([Buffer.alloc(10, 1), Buffer.alloc(20, 2)]));
  expect(buffer.length).toBe(80);
});

describe("compact", () => {
  test("lets go of a large chunk of which little is unread", () => {
    const chunk = Buffer.alloc(64 * KiB, 7);
    const buffer = new RecvBuffer();
    buffer.append(chunk);
    buffer.take(chunk.length - 3);
    expect(buffer.retained).toBe(64 * KiB);
    buffer.compact();
    expect(buffer.retained).toBeLessThan(100);
    expect(buffer.unread()).toEqual(Buffer.alloc(3, 7));
  });

  test("lets go of a chunk that completed a frame, too", () => {
    const chunk = Buffer.alloc(64 * KiB, 7);
    const buffer = new RecvBuffer();
    buffer.append(Buffer.of(7));
    buffer.append(chunk, chunk.length - 2);
    buffer.take(chunk.length - 2);
    buffer.compact();
    expect(buffer.retained).toBeLessThan(100);
    expect(buffer.unread()).toEqual(Buffer.alloc(3, 7));
    expect(buffer.unread().buffer).not.toBe(chunk.buffer);
  });

  test("leaves a chunk alone that is unread for the most part, or small", () => {
    for (const [length, taken] of [[64 * KiB, 20 * KiB] as const, [KiB, KiB - 1] as const]) {
      const chunk = Buffer.alloc(length);
      const buffer = new RecvBuffer();
      buffer.append(chunk);
      buffer.take(taken);
      buffer.compact();
      expect(buffer.unread().buffer).toBe(chunk.buffer);
    }
  });
});

describe("memory is paid for with bytes", () => {
  test("what is joined takes at most twice what has arrived, and a little", () => {
    const buffer = new RecvBuffer();
    for (let arrived = 0; arrived < 100_000; ) {
      buffer.append(Buffer.alloc(700));
      arrived += 700;
      expect(buffer.retained).toBeLessThanOrEqual(2 * arrived + 64);
    }
  });

  test("a frame with a claimed length of 10 MiB and one byte arrived keeps less than 1 KiB", () => {
    const buffer = new RecvBuffer();
    buffer.append(Buffer.of(1));
    buffer.append(Buffer.of(2), 10 * MiB);
    buffer.compact(10 * MiB);
    expect(buffer.retained).toBeLessThan(KiB);
  });

  test("a frame of known length never has more than its length, nor twice what has arrived", () => {
    const length = 100_000;
    const buffer = new RecvBuffer();
    for (let arrived = 0; arrived < length; ) {
      const piece = Math.min(1460, length - arrived);
      buffer.append(Buffer.alloc(piece), length);
      buffer.compact(length);
      arrived += piece;
      expect(buffer.retained).toBeLessThanOrEqual(Math.min(length, 2 * arrived + 64));
    }
    expect(buffer.retained).toBe(length);
  });

  test("a frame that arrived whole is handed out with no more memory than it has", () => {
    const buffer = new RecvBuffer();
    for (const piece of [10, 20, 70]) buffer.append(Buffer.alloc(piece), 100);
    expect(buffer.retained).toBe(100);
  });
});

describe("copying stays in proportion", () => {
  test.each([
    ["a known length", 4 * MiB],
    ["no known length", 0],
  ])("a frame of 4 MiB in pieces of 1460 bytes, %s, copies less than 4 times that", (_, frameLength) => {
    const copy = spyOnCopy();
    const piece = Buffer.alloc(1460);
    const buffer = new RecvBuffer();
    while (buffer.length < 4 * MiB) {
      buffer.append(piece, frameLength);
      buffer.compact(frameLength);
    }
    expect(copy.bytes).toBeLessThan(4 * 4 * MiB);
  });

  test("lines cut by every chunk copy each chunk once, and little more", () => {
    const copy = spyOnCopy();
    const buffer = new RecvBuffer();
    for (let chunk = 0; chunk < 100; chunk += 1) {
      buffer.append(Buffer.alloc(64 * KiB));
      buffer.take(buffer.length - 30);
      buffer.compact();
    }
    expect(copy.bytes).toBeLessThan(100 * 65 * KiB);
  });
});

test("frames taken one at a time from a large chunk do not move the rest each time", () => {
  const copy = spyOnCopy();
  const buffer = new RecvBuffer();
  buffer.append(Buffer.alloc(64 * KiB));
  while (buffer.length > 0) {
    buffer.take(64);
    buffer.compact();
  }
  expect(copy.bytes).toBeLessThan(3 * 64 * KiB);
});

test("a backlog that is worked off little by little is moved now and then, not each time", () => {
  const copy = spyOnCopy();
  const buffer = new RecvBuffer();
  buffer.append(Buffer.alloc(64 * KiB));
  let total = 64 * KiB;
  while (buffer.length > 0) {
    buffer.append(Buffer.alloc(64));
    total += 64;
    buffer.take(Math.min(96, buffer.length));
    buffer.compact();
  }
  expect(copy.bytes).toBeLessThan(4 * total);
});

// What may happen to a buffer. Amounts of bytes to take are shares of what is there.
type Step =
  | { do: "append"; bytes: Uint8Array }
  | { do: "take"; share: number }
  | { do: "measure"; frameLength: number }
  | { do: "forget" }
  | { do: "unread" }
  | { do: "compact" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("append"), bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ do: fc.constant("append"), bytes: fc.uint8Array({ maxLength: 5000, size: "max" }) }),
  fc.record({ do: fc.constant("take"), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant("measure"), frameLength: fc.integer({ min: 1, max: 8000 }) }),
  fc.record({ do: fc.constant("forget") }),
  fc.record({ do: fc.constant("unread") }),
  fc.record({ do: fc.constant("compact") }),
);

/** Takes a buffer through `steps` beside a plain array. `check` sees it after each. */
function follow(
  steps: Step[],
  check: (buffer: RecvBuffer, model: number[], frameLength: number) => void,
): void {
  const buffer = new RecvBuffer();
  const model: number[] = [];
  // Of the frame at the start; 0 while not known.
  let frameLength = 0;
  for (const step of steps) {
    if (step.do === "append") {
      buffer.append(Buffer.from(step.bytes), frameLength);
      model.push(...step.bytes);
    } else if (step.do === "take") {
      // As the loop does: a frame of known length is taken whole, or not yet.
      const length = frameLength === 0 ? Math.floor(step.share * model.length) : frameLength;
      if (length > model.length) continue;
      expectBytes(buffer.take(length), model.splice(0, length));
      frameLength = 0;
    } else if (step.do === "measure") {
      if (model.length > 0 && frameLength === 0) frameLength = step.frameLength;
    } else if (step.do === "forget") {
      // As an upgrade does.
      frameLength = 0;
    } else if (step.do === "unread") {
      expectBytes(buffer.unread(), model);
    } else {
      buffer.compact(frameLength);
    }
    check(buffer, model, frameLength);
  }
  expectBytes(buffer.unread(), model);
}

function expectBytes(bytes: Buffer, model: number[]): void {
  // Compared as one: an `expect` for each of some thousand bytes takes its time.
  if (!bytes.equals(Buffer.from(model))) expect([...bytes]).toEqual(model);
}

test("any sequence of calls gives the bytes of a plain array", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) =>
      follow(steps, (buffer, model) => expect(buffer.length).toBe(model.length)),
    ),
  );
});

test("memory that was handed out is its taker's: neither writes into the other's", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const taken: Buffer[] = [];
      const take = RecvBuffer.prototype.take;
      vi.spyOn(RecvBuffer.prototype, "take").mockImplementation(function (this: RecvBuffer, length) {
        const frame = take.call(this, length);
        const seen = Buffer.from(frame);
        taken.push(frame.fill(0xee));
        return seen;
      });
      follow(steps, () => {});
      for (const frame of taken) expect(frame.every((byte) => byte === 0xee)).toBe(true);
      vi.restoreAllMocks();
    }),
  );
});

test("compacted, it keeps at most 1 KiB, or three times what is unread and a little", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) =>
      follow(
        steps.filter((step) => step.do !== "measure"),
        (buffer, model) => {
          buffer.compact();
          expect(buffer.retained).toBeLessThanOrEqual(Math.max(KiB, 3 * model.length + 64));
        },
      ),
    ),
  );
});

test("a frame left untaken with a chunk behind it keeps that chunk as well", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) =>
      follow(steps, (buffer, model, frameLength) => {
        buffer.compact(frameLength);
        expect(buffer.retained).toBeLessThanOrEqual(Math.max(KiB, 3 * model.length + 64) + model.length);
      }),
    ),
  );
});

test("whatever comes and goes, a byte is copied a few times at most", () => {
  const turn = fc.record({
    append: fc.integer({ min: 0, max: 100 }),
    take: fc.integer({ min: 0, max: 150 }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30_000 }),
      fc.array(turn, { maxLength: 200, size: "max" }),
      (backlog, turns) => {
        const copy = spyOnCopy();
        const buffer = new RecvBuffer();
        let total = 0;
        for (const { append, take } of [{ append: backlog, take: 0 }, ...turns]) {
          buffer.append(Buffer.alloc(append));
          buffer.compact();
          buffer.take(Math.min(take, buffer.length));
          buffer.compact();
          total += append;
        }
        vi.restoreAllMocks();
        expect(copy.bytes).toBeLessThanOrEqual(8 * total + KiB);
      },
    ),
  );
});

test("however it is cut, a byte is copied a few times at most", () => {
  const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3000 })), {
    minLength: 1,
    maxLength: 200,
    size: "max",
  });
  fc.assert(
    fc.property(pieces, fc.boolean(), (lengths, isKnown) => {
      const total = lengths.reduce((sum, length) => sum + length);
      const copy = spyOnCopy();
      const buffer = new RecvBuffer();
      for (const length of lengths) {
        buffer.append(Buffer.alloc(length), isKnown ? total : 0);
        buffer.compact(isKnown ? total : 0);
      }
      vi.restoreAllMocks();
      expect(copy.bytes).toBeLessThanOrEqual(5 * total);
    }),
  );
});

/** Counts bytes instead of time. */
function spyOnCopy(): { bytes: number } {
  const count = { bytes: 0 };
  const copy = Buffer.prototype.copy;
  vi.spyOn(Buffer.prototype, "copy").mockImplementation(function (this: Buffer, ...args) {
    const copied = copy.apply(this, args);
    count.bytes += copied;
    return copied;
  });
  return count;
}
