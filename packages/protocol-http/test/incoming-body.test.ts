import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BodyOwner, IncomingBody } from "../src/incoming-body.ts";

/** What a body has asked of its codec. */
class Owner implements BodyOwner {
  readonly asked: string[] = [];
  wanted = (): void => void this.asked.push("wanted");
  full = (): void => void this.asked.push("full");
  roomy = (): void => void this.asked.push("roomy");
  abandoned = (): void => void this.asked.push("abandoned");
}

function opened() {
  const owner = new Owner();
  return { owner, body: new IncomingBody(owner) };
}

const KiB = 1024;
const bytes = (size: number) => Buffer.alloc(size, "x");

describe("reading", () => {
  test("gives the pieces in their order, those that came before and those that come", async () => {
    const { body } = opened();
    body.push(Buffer.from("a"));
    const reading = (async () => {
      const read: string[] = [];
      for await (const piece of body) read.push(piece.toString());
      return read;
    })();
    await turn();
    body.push(Buffer.from("b"));
    body.push(Buffer.from("c"));
    body.end(undefined);
    expect(await reading).toEqual(["a", "b", "c"]);
  });

  test("gives all of it at once, as bytes or as text", async () => {
    for (const read of ["bytes", "text"] as const) {
      const { body } = opened();
      body.push(Buffer.from("h\xc3", "latin1"));
      body.push(Buffer.from("\xa9!", "latin1"));
      body.end(undefined);
      expect(String(await body[read]())).toBe("hé!");
    }
  });

  test("ends at once when nothing comes", async () => {
    const { body } = opened();
    body.end(undefined);
    expect([(await body.bytes()).length, body.hasEnded]).toEqual([0, true]);
  });

  test("never gives an empty piece", async () => {
    const { body } = opened();
    body.push(Buffer.alloc(0));
    body.end(undefined);
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  test("is for one reader", async () => {
    const { body } = opened();
    body[Symbol.asyncIterator]();
    expect(() => body[Symbol.asyncIterator]()).toThrow(TypeError);
    await expect(body.bytes()).rejects.toThrow(TypeError);
  });

  test("answers in the order of the asking, when several pieces are asked for at once", async () => {
    const { body } = opened();
    const asked = [body.next(), body.next(), body.next(), body.next()];
    body.push(Buffer.from("a"));
    await turn();
    body.push(Buffer.from("b"));
    body.end(undefined);
    const read = (await Promise.all(asked)).map(({ value }) => value?.toString());
    expect(read).toEqual(["a", "b", undefined, undefined]);
  });

  test("says once that somebody wants it", async () => {
    const { owner, body } = opened();
    expect([owner.asked, body.isTaken]).toEqual([[], false]);
    body.end(undefined);
    await body.bytes();
    expect([owner.asked, body.isTaken]).toEqual([["wanted"], true]);
  });
});

describe("pressure", () => {
  test("128 KiB that nobody reads make the peer wait, and half of them read let it go on", async () => {
    const { owner, body } = opened();
    body.push(bytes(128 * KiB - 1));
    expect(owner.asked).toEqual([]);
    body.push(bytes(1));
    expect(owner.asked).toEqual(["full"]);
    body.push(bytes(KiB));
    await body.next();
    expect(owner.asked).toEqual(["full", "roomy"]);
  });

  test("a little read is not enough", async () => {
    const { owner, body } = opened();
    for (let nth = 0; nth < 8; nth++) body.push(bytes(16 * KiB));
    for (let nth = 0; nth < 3; nth++) await body.next();
    expect(owner.asked).toEqual(["full"]);
    await body.next();
    expect(owner.asked).toEqual(["full", "roomy"]);
  });

  test("a reader who waits is given what comes, and nobody has to wait", async () => {
    const { owner, body } = opened();
    const reading = body.next();
    body.push(bytes(1024 * KiB));
    expect([(await reading).value?.length, owner.asked, body.retained]).toEqual([1024 * KiB, [], 0]);
  });

  test("many small pieces are joined, and cost about their bytes", async () => {
    const { body } = opened();
    for (let nth = 0; nth < 1000; nth++) body.push(Buffer.from([nth & 0xff]));
    expect(body.retained).toBeLessThan(16 * KiB);
    body.end(undefined);
    const all = await body.bytes();
    expect(all.equals(Buffer.from(Array.from({ length: 1000 }, (_, nth) => nth & 0xff)))).toBe(true);
  });
});

describe("abandoned", () => {
  test("by whoever leaves the loop: what has come and what comes is thrown away", async () => {
    const { owner, body } = opened();
    body.push(bytes(10));
    body.push(bytes(10));
    for await (const _ of body) break;
    body.push(bytes(10));
    expect([owner.asked, body.retained, body.isTaken]).toEqual([["wanted", "abandoned"], 0, false]);
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  test("once", async () => {
    const { owner, body } = opened();
    body.abandon();
    body.abandon();
    await body.return();
    expect(owner.asked).toEqual(["abandoned"]);
    expect(() => body[Symbol.asyncIterator]()).toThrow(TypeError);
  });

  test("while it was full: the peer goes on first", () => {
    const { owner, body } = opened();
    body.push(bytes(128 * KiB));
    body.abandon();
    expect(owner.asked).toEqual(["full", "roomy", "abandoned"]);
  });

  test("by a limit: the rest is not read", async () => {
    const { owner, body } = opened();
    body.push(bytes(10));
    body.push(bytes(10));
    await expect(body.bytes(19)).rejects.toThrow(RangeError);
    expect(owner.asked).toEqual(["wanted", "abandoned"]);
  });

  test("up to the limit nothing is", async () => {
    const { body } = opened();
    body.push(bytes(20));
    body.end(undefined);
    expect((await body.bytes(20)).length).toBe(20);
  });

  test("behind its end nobody is told", () => {
    const { owner, body } = opened();
    body.end(undefined);
    body.abandon();
    expect(owner.asked).toEqual([]);
  });

  test("lets go of a reader that waits", async () => {
    const { body } = opened();
    const reading = body.next();
    body.abandon();
    expect(await reading).toEqual({ done: true, value: undefined });
  });
});

describe("broken off", () => {
  const error = new Error("gone");

  test("what has come is read first", async () => {
    const { body } = opened();
    body.push(Buffer.from("a"));
    body.fail(error);
    expect((await body.next()).value?.toString()).toBe("a");
    await expect(body.next()).rejects.toBe(error);
    await expect(body.next()).rejects.toBe(error);
  });

  test("a reader that waits hears of it, and so do all that wait", async () => {
    const { body } = opened();
    const outcomes = Promise.allSettled([body.next(), body.next()]);
    body.fail(error);
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  test("nobody reads: nobody hears, and no rejection is left alone", async () => {
    const { body } = opened();
    body.fail(error);
    await turn();
    expect(body.hasEnded).toBe(false);
  });

  test("behind its end, or a second time, it does not", async () => {
    const { body } = opened();
    body.end(undefined);
    body.fail(error);
    expect((await body.bytes()).length).toBe(0);
    const other = opened().body;
    other.fail(error);
    other.fail(new Error("again"));
    await expect(other.bytes()).rejects.toBe(error);
  });
});

test("property: whatever is pushed and read, in whatever order, comes out whole; full and roomy alternate", async () => {
  const action = fc.oneof(fc.constant("read" as const), fc.constantFrom(0, 1, 100, 10_000, 70_000, 140_000));
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 100 }), async (actions) => {
      const { owner, body } = opened();
      const reads: Promise<IteratorResult<Buffer, undefined>>[] = [];
      let pushed = 0;
      for (const action of actions) {
        if (action === "read") reads.push(body.next());
        else body.push(Buffer.alloc(action, pushed++));
        await Promise.resolve();
      }
      body.end(undefined);
      const read = (await Promise.all(reads)).flatMap(({ value }) => value ?? []);
      for (let next = await body.next(); !next.done; next = await body.next()) read.push(next.value);
      const sizes = actions.filter((action) => action !== "read");
      const expected = Buffer.concat(sizes.map((size, nth) => Buffer.alloc(size, nth)));
      expect(Buffer.concat(read).equals(expected)).toBe(true);
      expect(owner.asked).toEqual(owner.asked.map((_, nth) => (nth % 2 === 0 ? "full" : "roomy")));
      expect(body.retained).toBe(0);
    }),
  );
});
