import { describe, expect, test } from "vitest";
import { asRead, iterablesIn, mapped, read } from "../src/read.ts";

class Request {
  readonly #path = "/a";
  readonly body: AsyncIterable<unknown>;

  constructor(body: AsyncIterable<unknown>) {
    this.body = body;
  }

  get path(): string {
    return this.#path;
  }

  json(): unknown {
    return {};
  }
}

test("a message is read by its fields and its getters, streams to their ends", async () => {
  const { value, readings } = read([new Request(from("ab", "", "c"))]);
  await Promise.all(readings.map(({ done }) => done));
  expect(mapped(value, asRead)).toEqual([{ path: "/a", body: "abc" }]);
});

test("bytes are not copied, and keep their class", () => {
  const bytes = { one: Buffer.of(1), two: Uint8Array.of(2) };
  const { value } = read(bytes) as unknown as { value: typeof bytes };
  expect(value.one).toBe(bytes.one);
  expect(value.two).toBe(bytes.two);
});

describe("a stream is read as", () => {
  test.each([
    ["bytes", [Buffer.of(1), Uint8Array.of(2, 3)], Buffer.of(1, 2, 3)],
    ["text", ["a", "b"], "ab"],
    ["no bytes when it was empty", [], Buffer.alloc(0)],
    ["a list of anything else", [1, "b"], [1, "b"]],
  ])("%s", async (_, pieces, whole) => {
    const { value, readings } = read(from(...pieces));
    await readings[0]?.done;
    expect(mapped(value, asRead)).toEqual(whole);
  });

  test("open until it has ended, and thrown when it threw", async () => {
    const { value, readings } = read(
      (async function* () {
        yield "a";
        throw new Error("broken off");
      })(),
    );
    expect(mapped(value, asRead)).toEqual({ outcome: "open" });
    await readings[0]?.done;
    expect(mapped(value, asRead)).toEqual({ outcome: "thrown" });
  });
});

test("what is in itself is read once", () => {
  const loop: Record<string, unknown> = { a: 1 };
  loop.self = loop;
  expect(read(loop).value).toEqual({ a: 1, self: "what it is in" });
});

test("a field that is undefined is one that is not there", () => {
  expect(read({ a: 1, b: undefined }).value).toEqual({ a: 1 });
});

test("streams are found without being begun", () => {
  const body = from(1);
  expect(iterablesIn({ deep: [{ body }] })).toEqual([body]);
  expect(iterablesIn("text")).toEqual([]);
  expect(iterablesIn(null)).toEqual([]);
});

async function* from(...pieces: unknown[]): AsyncIterable<unknown> {
  yield* pieces;
}
