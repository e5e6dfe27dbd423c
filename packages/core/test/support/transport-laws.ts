import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Transport } from "../../src/transport/transport.ts";
import { type Ear, listenTo } from "./ear.ts";
import { settled } from "./settled.ts";

/** More than any kernel takes while the other side does not read. */
const A_LOT = 8 * 1024 * 1024;

/** What every transport must do. `makePair` joins two, and neither is started. */
export function transportLaws(
  name: string,
  makePair: () => Promise<[Transport, Transport]>,
  kind = name,
): void {
  async function pair() {
    const [left, right] = await makePair();
    onTestFinished(() => {
      left.destroy();
      right.destroy();
    });
    return { left, right };
  }

  async function startedPair() {
    const { left, right } = await pair();
    return { left, right, leftEar: listenTo(left), rightEar: listenTo(right) };
  }

  const cut = { numRuns: 15 };
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 40_000 })), {
    maxLength: 12,
  });

  describe(name, () => {
    test("bytes arrive in order, all of them, both ways at once", () =>
      fc.assert(
        fc.asyncProperty(sizes, sizes, async (ours, theirs) => {
          const { left, right, leftEar, rightEar } = await startedPair();
          const sent = { left: noise(sum(ours)), right: noise(sum(theirs)) };
          const talk = async (from: Transport, ear: Ear, bytes: Buffer, cuts: number[]) => {
            for (const piece of cutUp(bytes, cuts)) {
              ear.tell(() => from.write([piece]));
              if (piece.length % 3 === 0) await settled();
            }
          };
          await Promise.all([
            talk(left, leftEar, sent.left, ours),
            talk(right, rightEar, sent.right, theirs),
          ]);
          await rightEar.until(() => rightEar.size === sent.left.length);
          await leftEar.until(() => leftEar.size === sent.right.length);
          expect(rightEar.heard.equals(sent.left)).toBe(true);
          expect(leftEar.heard.equals(sent.right)).toBe(true);
          left.destroy();
          right.destroy();
        }),
        cut,
      ));

    test("pieces are written back to back", () =>
      fc.assert(
        fc.asyncProperty(fc.array(sizes, { maxLength: 5 }), async (vectors) => {
          const { left, right, rightEar } = await startedPair();
          const sent = vectors.map((cuts) => cutUp(noise(sum(cuts)), cuts));
          for (const pieces of sent) if (pieces.length > 0) left.write(pieces);
          left.end();
          await rightEar.until(() => rightEar.count("peerEnded") > 0);
          expect(rightEar.heard.equals(Buffer.concat(sent.flat()))).toBe(true);
          left.destroy();
          right.destroy();
        }),
        cut,
      ));

    test("nothing is told within a call", async () => {
      const { left, right, leftEar, rightEar } = await startedPair();
      leftEar.tell(() => left.write([noise(10)]));
      rightEar.tell(() => right.write([noise(10)]));
      await leftEar.until(() => leftEar.size === 10);
      leftEar.tell(() => left.pause());
      rightEar.tell(() => right.write([noise(10)]));
      await settled();
      leftEar.tell(() => left.resume());
      await leftEar.until(() => leftEar.size === 20);
      leftEar.tell(() => left.end());
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      rightEar.tell(() => right.end());
      await leftEar.until(() => leftEar.isGone);
      rightEar.tell(() => right.destroy());
      await rightEar.until(() => rightEar.isGone);
      expect([...leftEar.events, ...rightEar.events].filter((event) => event.includes("within"))).toEqual([]);
    });

    test("what came before the start is received after it", async () => {
      const { left, right } = await pair();
      listenTo(left);
      left.write([Buffer.from("early")]);
      await settled();
      const rightEar = listenTo(right);
      await rightEar.until(() => rightEar.size === 5);
      expect(rightEar.heard.toString()).toBe("early");
    });

    test("a transport that went before the start says so after it, once", async () => {
      const { left } = await pair();
      left.destroy();
      for (let i = 0; i < 5; i++) await settled();
      const ear = listenTo(left);
      await ear.until(() => ear.isGone);
      await settled();
      expect(ear.events).toEqual(["gone"]);
    });

    test("a transport that goes while it is started says so once", async () => {
      const { left } = await pair();
      left.destroy();
      const ear = listenTo(left);
      await ear.until(() => ear.isGone);
      await settled();
      expect(ear.events).toEqual(["gone"]);
    });

    test("what the other side does not take is waiting, until it is flushed, which is told once", async () => {
      const { left, right } = await pair();
      const leftEar = listenTo(left);
      const sent = noise(A_LOT);
      left.write([sent]);
      expect(left.waiting).toBeGreaterThan(0);
      expect(left.waiting).toBeLessThanOrEqual(A_LOT);
      await settled();
      expect(leftEar.events).toEqual([]);

      const rightEar = listenTo(right);
      await leftEar.until(() => leftEar.count("flushed") > 0);
      expect(left.waiting).toBe(0);
      await rightEar.until(() => rightEar.size === A_LOT);
      await settled();
      expect(leftEar.events).toEqual(["flushed"]);
      expect(rightEar.heard.equals(sent)).toBe(true);
    });

    test("what is unsent falls with what is taken, within a large write too", async () => {
      const { left, right, leftEar, rightEar } = await startedPair();
      expect(left.unsent).toBe(0);
      right.pause();
      left.write([noise(A_LOT)]);
      left.write([noise(2 * A_LOT)]);
      const before = left.unsent;
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(3 * A_LOT);
      right.resume();
      await rightEar.until(() => rightEar.size > 2 * A_LOT);
      right.pause();
      await settled();
      expect(left.unsent).toBeLessThanOrEqual(A_LOT);
      expect(left.unsent).toBeLessThanOrEqual(left.waiting);
      right.resume();
      await leftEar.until(() => leftEar.count("flushed") > 0);
      expect(left.unsent).toBe(0);
    });

    test("each filling is flushed once", async () => {
      const { left, right, leftEar, rightEar } = await startedPair();
      for (const round of [1, 2, 3]) {
        right.pause();
        left.write([noise(A_LOT)]);
        left.write([noise(10), noise(10)]);
        right.resume();
        await leftEar.until(() => leftEar.count("flushed") === round);
        expect(left.waiting).toBe(0);
        await rightEar.until(() => rightEar.size === round * (A_LOT + 20));
      }
      await settled();
      expect(leftEar.count("flushed")).toBe(3);
    });

    test("flushed is not told while something waits that was written later", async () => {
      const { left, right, leftEar, rightEar } = await startedPair();
      right.pause();
      left.write([noise(A_LOT)]);
      left.write([noise(A_LOT)]);
      right.resume();
      await rightEar.until(() => rightEar.size > A_LOT);
      right.pause();
      // What comes before it has no room in any kernel beside it.
      left.write([noise(2 * A_LOT)]);
      right.resume();
      await leftEar.until(() => leftEar.events.length > 0);
      expect(rightEar.size).toBeGreaterThan(2 * A_LOT);
      await rightEar.until(() => rightEar.size === 4 * A_LOT);
      await settled();
      expect(leftEar.events).toEqual(["flushed"]);
    });

    test("what is taken at once is not told", async () => {
      const { left, leftEar, rightEar } = await startedPair();
      left.write([noise(100)]);
      expect(left.waiting).toBe(0);
      await rightEar.until(() => rightEar.size === 100);
      expect(leftEar.events).toEqual([]);
    });

    test("paused, nothing is received; resumed, nothing was lost", async () => {
      const { left, right, rightEar } = await startedPair();
      const sent = noise(A_LOT);
      left.write([sent.subarray(0, A_LOT / 2)]);
      await rightEar.until(() => rightEar.size > 0);
      right.pause();
      const before = rightEar.size;
      left.write([sent.subarray(A_LOT / 2)]);
      for (let i = 0; i < 5; i++) await settled();
      expect(rightEar.size).toBe(before);
      right.resume();
      await rightEar.until(() => rightEar.size === A_LOT);
      expect(rightEar.heard.equals(sent)).toBe(true);
    });

    test("paused in the turn in which it was started or resumed, nothing is received, and nothing lost", async () => {
      const { left, right, rightEar } = await startedPair();
      right.pause();
      left.write([Buffer.from("one ")]);
      for (let i = 0; i < 5; i++) await settled();
      right.resume();
      right.pause();
      left.write([Buffer.from("two ")]);
      for (let i = 0; i < 5; i++) await settled();
      left.write([Buffer.from("three")]);
      left.end();
      for (let i = 0; i < 5; i++) await settled();
      expect(rightEar.events).toEqual([]);
      right.resume();
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      expect(rightEar.heard.toString()).toBe("one two three");
    });

    test("pausing and resuming at every chunk loses nothing", async () => {
      const { left, right, rightEar } = await startedPair();
      const sent = noise(A_LOT / 4);
      left.write([sent]);
      left.end();
      const received = rightEar.received.bind(rightEar);
      rightEar.received = (chunk) => {
        received(chunk);
        right.pause();
        setImmediate(() => right.resume());
      };
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      expect(rightEar.heard.equals(sent)).toBe(true);
    });

    test("a paused transport does not tell of the peer's end before what came before it", async () => {
      const { left, right, rightEar } = await startedPair();
      right.pause();
      left.write([Buffer.from("last")]);
      left.end();
      for (let i = 0; i < 5; i++) await settled();
      expect(rightEar.events).toEqual([]);
      right.resume();
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      expect(rightEar.events).toEqual(["received", "peerEnded"]);
    });

    test("the end comes after all that was written", async () => {
      const { left, right } = await pair();
      listenTo(left);
      const sent = noise(A_LOT);
      left.write([sent]);
      left.end();
      const rightEar = listenTo(right);
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      expect(rightEar.heard.equals(sent)).toBe(true);
    });

    test("what is written while the other side is behind, and then the end, arrives", () =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.nat(5), { minLength: 2, maxLength: 6 }), async (steps) => {
          const { left, right, leftEar, rightEar } = await startedPair();
          right.pause();
          const size = Math.floor(A_LOT / 2 / steps.length);
          const sent = noise(size * steps.length);
          const pieces = cutUp(
            sent,
            steps.map(() => size),
          );
          for (const [i, piece] of pieces.entries()) {
            left.write([piece]);
            // The other side takes a little, so that writes of all kinds are under way when the next one comes.
            right.resume();
            for (let turns = 0; turns < (steps[i] ?? 0); turns++) await settled();
            right.pause();
          }
          left.end();
          right.resume();
          await rightEar.until(() => rightEar.count("peerEnded") > 0 || rightEar.isGone);
          expect(rightEar.size).toBe(sent.length);
          expect(rightEar.heard.equals(sent)).toBe(true);
          expect(left.waiting).toBe(0);
          expect(leftEar.events.filter((event) => event !== "flushed")).toEqual([]);
          left.destroy();
          right.destroy();
        }),
        { numRuns: 6 },
      ));

    test("flushed is told after the end too", async () => {
      const { left, right } = await pair();
      const leftEar = listenTo(left);
      left.write([noise(A_LOT)]);
      left.write([noise(A_LOT)]);
      left.end();
      listenTo(right);
      await leftEar.until(() => leftEar.count("flushed") > 0);
      expect(left.waiting).toBe(0);
    });

    test("each side ends by itself, and then both are gone", async () => {
      const { left, right, leftEar, rightEar } = await startedPair();
      left.write([Buffer.from("question")]);
      left.end();
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      right.write([Buffer.from("answer")]);
      right.end();
      await leftEar.until(() => leftEar.isGone);
      await rightEar.until(() => rightEar.isGone);
      expect(leftEar.events).toEqual(["received", "peerEnded", "gone"]);
      expect(rightEar.events).toEqual(["received", "peerEnded", "gone"]);
      expect(leftEar.heard.toString()).toBe("answer");
    });

    test("whoever ended goes on receiving much", async () => {
      const { left, right, leftEar } = await startedPair();
      left.end();
      const sent = noise(A_LOT);
      right.write([sent]);
      right.end();
      await leftEar.until(() => leftEar.isGone);
      expect(leftEar.error).toBeUndefined();
      expect(leftEar.heard.equals(sent)).toBe(true);
    });

    test("a destroyed transport is gone, once and last", async () => {
      const { left, right, leftEar } = await startedPair();
      right.write([noise(1000)]);
      left.write([noise(1000)]);
      left.destroy();
      left.destroy();
      await leftEar.until(() => leftEar.isGone);
      right.write([noise(1000)]);
      left.write([noise(1000)]);
      left.end();
      left.destroy();
      for (let i = 0; i < 5; i++) await settled();
      expect(leftEar.events).toEqual(["gone"]);
    });

    test.each(["at once", "later"])(
      "so it is while it is paused, %s, and what had come is lost",
      async (when) => {
        const { left, right, rightEar } = await startedPair();
        if (when === "later") await settled();
        right.pause();
        left.write([noise(1000)]);
        left.end();
        for (let i = 0; i < 5; i++) await settled();
        right.destroy();
        await rightEar.until(() => rightEar.isGone);
        right.resume();
        for (let i = 0; i < 5; i++) await settled();
        expect(rightEar.events).toEqual(["gone"]);
      },
    );

    test.each(["at once", "later"])(
      "so it is while it is paused, %s, and both sides have ended",
      async (when) => {
        const { left, right, rightEar } = await startedPair();
        if (when === "later") await settled();
        right.end();
        right.pause();
        left.end();
        for (let i = 0; i < 10; i++) await settled();
        right.destroy();
        right.destroy();
        await rightEar.until(() => rightEar.isGone);
        right.destroy();
        for (let i = 0; i < 5; i++) await settled();
        expect(rightEar.events).toEqual(["gone"]);
      },
    );

    test("however often it is paused and resumed, what it has kept is told once", async () => {
      const { left, right, rightEar } = await startedPair();
      right.end();
      right.pause();
      left.end();
      for (let i = 0; i < 10; i++) await settled();
      right.resume();
      right.pause();
      right.resume();
      right.resume();
      await rightEar.until(() => rightEar.isGone);
      for (let i = 0; i < 5; i++) await settled();
      expect(rightEar.events).toEqual(["peerEnded", "gone"]);
    });

    test("so it is within what it is told", async () => {
      const { left, right, rightEar } = await startedPair();
      const received = rightEar.received.bind(rightEar);
      rightEar.received = (chunk) => {
        received(chunk);
        right.pause();
        right.destroy();
      };
      for (let i = 0; i < 10; i++) {
        left.write([noise(50_000)]);
        await settled();
      }
      await rightEar.until(() => rightEar.isGone);
      expect(rightEar.events).toEqual(["received", "gone"]);
    });

    test("a peer's end and both ends, while it is paused, are told when it is resumed", async () => {
      const { left, right, rightEar } = await startedPair();
      right.end();
      right.pause();
      left.write([noise(1000)]);
      left.end();
      for (let i = 0; i < 5; i++) await settled();
      expect(rightEar.events).toEqual([]);
      right.resume();
      await rightEar.until(() => rightEar.isGone);
      expect(rightEar.events).toEqual(["received", "peerEnded", "gone"]);
    });

    test("a reset transport is gone, once and last", async () => {
      const { left, right, leftEar } = await startedPair();
      right.write([noise(1000)]);
      left.write([noise(1000)]);
      left.reset();
      left.reset();
      left.destroy();
      await leftEar.until(() => leftEar.isGone);
      left.write([noise(1000)]);
      left.reset();
      for (let i = 0; i < 5; i++) await settled();
      expect(leftEar.events).toEqual(["gone"]);
    });

    test("so it is while it is paused, and both sides have ended", async () => {
      const { left, right, rightEar } = await startedPair();
      right.end();
      right.pause();
      left.end();
      for (let i = 0; i < 10; i++) await settled();
      right.reset();
      await rightEar.until(() => rightEar.isGone);
      for (let i = 0; i < 5; i++) await settled();
      expect(rightEar.events).toEqual(["gone"]);
    });

    // A kernel has no reset for unix sockets.
    test.skipIf(kind === "unix")("a reset is never taken for an end", async () => {
      for (const sent of [0, 1000, A_LOT]) {
        const { left, right, rightEar } = await startedPair();
        left.write([noise(sent)]);
        if (sent < A_LOT) await rightEar.until(() => rightEar.size === sent);
        left.reset();
        await rightEar.until(() => rightEar.isGone);
        expect(rightEar.events.filter((event) => event !== "received")).toEqual(["gone: ECONNRESET"]);
        right.destroy();
      }
    });

    test("an error that it is destroyed with is told", async () => {
      const { left, leftEar } = await startedPair();
      const error = Object.assign(new Error("enough"), { code: "ENOUGH" });
      left.destroy(error);
      await leftEar.until(() => leftEar.isGone);
      expect(leftEar.error).toBe(error);
    });

    test.each(["ends and cuts", "cuts"])(
      "a peer that %s while bytes are on their way to it is told as an error",
      async (how) => {
        const { left, right, leftEar, rightEar } = await startedPair();
        right.pause();
        if (how !== "cuts") right.end();
        left.write([noise(A_LOT)]);
        await settled();
        right.destroy();
        await leftEar.until(() => leftEar.isGone);
        await rightEar.until(() => rightEar.isGone);
        expect(leftEar.error).toBeDefined();
        expect(leftEar.count("flushed")).toBe(0);
        expect(leftEar.count("gone: ECONNRESET") + leftEar.count("gone: EPIPE")).toBe(1);
        expect(leftEar.events.at(-1)).toMatch(/^gone/);
      },
    );

    test.each(["ended and cut", "cut"])("writing to a peer that has %s is told as an error", async (how) => {
      const { left, right, leftEar, rightEar } = await startedPair();
      if (how !== "cut") {
        right.end();
        await leftEar.until(() => leftEar.count("peerEnded") > 0);
      }
      right.destroy();
      await rightEar.until(() => rightEar.isGone);
      for (let i = 0; i < 100 && !leftEar.isGone; i++) {
        left.write([noise(1000)]);
        await settled();
      }
      expect(leftEar.isGone).toBe(true);
      expect(leftEar.error).toBeDefined();
    });

    test("when nothing waits, written memory may be used again", () =>
      fc.assert(
        fc.asyncProperty(sizes, async (cuts) => {
          const { left, right, rightEar } = await startedPair();
          const sent: Buffer[] = [];
          const memory = Buffer.alloc(40_000);
          for (const size of cuts) {
            const bytes = noise(size);
            sent.push(bytes);
            bytes.copy(memory);
            left.write([memory.subarray(0, size)]);
            if (left.waiting > 0) break;
            memory.fill(0xee);
          }
          left.end();
          await rightEar.until(() => rightEar.count("peerEnded") > 0);
          expect(rightEar.heard.equals(Buffer.concat(sent))).toBe(true);
          left.destroy();
          right.destroy();
        }),
        cut,
      ));

    test("a received chunk is never written again", async () => {
      const { left, rightEar } = await startedPair();
      for (let i = 0; i < 200; i++) {
        left.write([noise(1 + ((i * 37) % 5000))]);
        if (i % 10 === 0) await settled();
      }
      left.write([noise(A_LOT)]);
      left.end();
      await rightEar.until(() => rightEar.count("peerEnded") > 0);
      expect(rightEar.kept.equals(rightEar.heard)).toBe(true);
    });

    test("each side's remote end is the other's local end", async () => {
      const { left, right } = await pair();
      expect(left.name).toBe(kind);
      expect(left.remote).toEqual(right.local);
      expect(right.remote).toEqual(left.local);
    });
  });
}

const random = randomBytes(2 * A_LOT);
let next = 0;

/** Bytes of which none are like those before, so that neither order nor loss goes unseen. Only to be read. */
function noise(size: number): Buffer {
  if (next + size > random.length) next = 0;
  next += size;
  return random.subarray(next - size, next);
}

function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return bytes.subarray(at - size, at);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
