import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type CodecLaw, codecLaws, type LawName } from "../src/index.ts";
import { greeting, Lines, Parcels, Pieces, Sized } from "./codecs.ts";
import { bytes, lines, parcels } from "./specs.ts";

const names: LawName[] = [
  "what is encoded is decoded",
  "chunk boundaries change nothing",
  "a frame ends where it ends, whatever follows",
  "input only looks",
  "garbage is refused",
  "memory is bounded",
  "after the end, nothing",
  "connections share no state",
  "encode leaves the message alone",
  "time grows with size",
];

class DropsAByte extends Sized {
  override decode(frame: Uint8Array): Uint8Array {
    return frame.length > 5 ? frame.subarray(2, -1) : frame.subarray(2);
  }
}

const broken = { ...bytes, codec: () => new DropsAByte() };

test("the laws, in the order in which they are best mended", () => {
  expect(codecLaws({ ...lines, codec: () => new Lines() }).map(({ name }) => name)).toEqual(names);
});

test("a skipped law stays in the list and says why, and does nothing", async () => {
  const codec = vi.fn(() => new DropsAByte());
  const skip = [{ law: "what is encoded is decoded", because: "the last byte is a parity bit" }] as const;
  const laws = codecLaws({ ...broken, codec, skip });
  expect(laws).toHaveLength(names.length);
  expect(laws[0]).toMatchObject({
    name: "what is encoded is decoded (skipped: the last byte is a parity bit)",
    skipped: "the last byte is a parity bit",
  });
  await laws[0]?.run();
  expect(codec).not.toHaveBeenCalled();
});

test("a law that there is not cannot be skipped", () => {
  const skip = [{ law: "be nice" as LawName, because: "why not" }];
  expect(() => codecLaws({ ...broken, skip })).toThrow(new TypeError('there is no law "be nice" to skip'));
});

test("a failure tells the law, the smallest case, and how to see it again", async () => {
  const text = await failure(codecLaws({ ...broken, seed: 42 }));
  expect(text).toMatch(/^broken law: what is encoded is decoded\n {2}message 0 arrived changed\n/);
  expect(text).toContain('stream: Buffer <00 04 00 00 00 00> "······"');
  expect(text).toContain('sent: [ Buffer <00 00 00 00> "····" ]');
  expect(text).toContain('received: [ Buffer <00 00 00> "···" ]');
  expect(text).toMatch(/\n {2}again: codecLaws\({ …, seed: 42, path: "[\d:]+" }\)$/);
});

test("the same seed makes the same failure, and the path leads straight to it", async () => {
  const text = await failure(codecLaws({ ...broken, seed: 7 }));
  expect(await failure(codecLaws({ ...broken, seed: 7 }))).toBe(text);

  const codec = vi.fn(broken.codec);
  const path = /path: "([\d:]+)"/.exec(text)![1]!;
  expect(await failure(codecLaws({ ...broken, codec, seed: 7, path }))).toContain("<00 04 00 00 00 00>");
  // The one case, to receive and to send.
  expect(codec).toHaveBeenCalledTimes(2);
});

test("each call finds a seed of its own", async () => {
  const seeds = new Set<string>();
  for (let call = 0; call < 3; call++) seeds.add(/seed: \d+/.exec(await failure(codecLaws(broken)))![0]);
  expect(seeds.size).toBe(3);
});

test("so many cases are tried as are asked for", async () => {
  const codec = vi.fn(() => new Lines());
  await codecLaws({ ...lines, codec, runs: 7 })[0]?.run();
  expect(codec).toHaveBeenCalledTimes(2 * 7);
});

test("noise of the spec is tried behind a handshake", async () => {
  class ThrowsAtNine extends Pieces {
    override input(buffer: Uint8Array): number {
      if (buffer[0] === 9) throw new Error("nine!");
      return super.input(buffer);
    }
  }
  const laws = codecLaws({
    ...bytes,
    codec: greeting("server", (link) => new ThrowsAtNine(link)),
    peer: greeting("client", (link) => new Pieces(link)),
    noise: fc.constant(Buffer.of(9)),
  });
  await expect(laws[4]?.run()).rejects.toThrow("no ProtocolError, in input");
});

test("what is read may be told as it should be", async () => {
  const spec = {
    ...parcels,
    codec: (link: ConstructorParameters<typeof Parcels>[0]) => new Parcels(link),
    read: async ({ name, body }: { name: string; body: AsyncIterable<Uint8Array> }) => {
      const pieces = await Array.fromAsync(body);
      return `${name}: ${Buffer.concat(pieces).toString("hex")}`;
    },
    expect: ({ name, body }: { name: string; body: Uint8Array[] }) =>
      `${name}: ${Buffer.concat(body).toString("hex")}`,
  };
  for (const { run } of codecLaws({ ...spec, runs: 20 })) await run();
  await expect(codecLaws({ ...spec, expect: () => "nothing" })[0]?.run()).rejects.toThrow("arrived changed");
});

test("what the spec's own functions throw is told as it is", async () => {
  const make = (): string => {
    throw new Error("no message today");
  };
  await expect(codecLaws({ ...lines, codec: () => new Lines(), make })[0]?.run()).rejects.toThrow(
    "no message today",
  );
});

async function failure([law]: CodecLaw[]): Promise<string> {
  return law!.run().then(
    () => "",
    (error: Error) => error.message,
  );
}
