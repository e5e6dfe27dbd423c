import type { Bytes } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { raw } from "../src/index.ts";
import { lines, sized } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair } from "./support/pair.ts";
import { settled } from "./support/settled.ts";
import { Tally } from "./support/tally.ts";

const CORK_SIZE = 16 * 1024;

describe("one write", () => {
  test("carries all that is sent in one turn", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    for (let i = 0; i < 100; i++) connection.send(`line ${i}`);
    expect(transport.writes).toEqual([]);
    await settled();
    expect(transport.writes).toHaveLength(1);
  });

  test("carries all the answers to one chunk, at once", () => {
    const { transport } = overFake({
      codec: lines(),
      onMessage: (connection, line) => connection.send(line),
    });
    transport.receive("one\ntwo\nthree\n");
    expect(transport.writes.map(String)).toEqual(["one\ntwo\nthree\n"]);
  });

  test("carries the answers of async handlers that need no more than promises", async () => {
    const { transport } = overFake({
      codec: lines(),
      async onMessage(connection, line) {
        await Promise.resolve();
        connection.send(line);
      },
    });
    transport.receive("one\ntwo\nthree\n");
    await settled();
    expect(transport.writes.map(String)).toEqual(["one\ntwo\nthree\n"]);
  });

  test("carries what the promises of the same turn send, wherever the turn began", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    await new Promise<void>((resolve) =>
      setImmediate(() => {
        connection.send("one");
        void (async () => {
          connection.send("two");
          await undefined;
          connection.send("three");
          await undefined;
          connection.send("four");
        })();
        resolve();
      }),
    );
    await settled();
    expect(transport.writes.map(String)).toEqual(["one\ntwo\nthree\nfour\n"]);
  });

  test("carries what was sent in onConnect and in answer to the first chunk's messages, each", async () => {
    const { connection, transport } = overFake({
      codec: lines(),
      onConnect(connection) {
        connection.send("welcome");
        connection.send("friend");
      },
    });
    expect(transport.writes.map(String)).toEqual(["welcome\nfriend\n"]);
    connection.send("later");
    await settled();
    expect(transport.writes).toHaveLength(2);
  });

  test("carries what waits and the end", () => {
    const { connection, transport } = overFake({ codec: lines() });
    connection.send("one");
    connection.close("two");
    expect(transport.writes.map(String)).toEqual(["one\ntwo\n"]);
  });

  test("carries what came while the peer was behind", async () => {
    const { connection, transport } = overFake({ codec: lines() });
    transport.room = 0;
    connection.send("one");
    await settled();
    connection.send("two");
    connection.send("three");
    await settled();
    transport.take();
    expect(transport.writes.map(String)).toEqual(["one\n", "two\nthree\n"]);
  });
});

describe("at 16 KiB", () => {
  test.each([
    [CORK_SIZE - 1, 0],
    [CORK_SIZE, 0],
    [CORK_SIZE + 1, 1],
  ])("a message of %i bytes is written at once: %i writes", async (size, writes) => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.send(Buffer.alloc(size));
    expect(transport.writes).toHaveLength(writes);
    await settled();
    expect(transport.writes).toHaveLength(1);
  });

  test("a large message takes what waits with it, in one write", async () => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.send("small");
    connection.send(Buffer.alloc(CORK_SIZE + 1));
    expect(transport.writes.map((bytes) => bytes.length)).toEqual([5 + CORK_SIZE + 1]);
    await settled();
    expect(transport.writes).toHaveLength(1);
  });

  test("many small messages leave in writes of about that size", async () => {
    const { connection, transport } = overFake({ codec: raw() });
    for (let i = 0; i < 100; i++) connection.send(Buffer.alloc(1000));
    await settled();
    const sizes = transport.writes.map((bytes) => bytes.length);
    expect(sizes.length).toBeLessThanOrEqual(7);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(CORK_SIZE + 1000);
  });
});

describe("strings and pieces", () => {
  test.each<[string, Bytes, string]>([
    ["text beyond ASCII", "žluťoučký 🐎", "žluťoučký 🐎"],
    ["a lone surrogate, as UTF-8 has none", "a\ud800b", "a\ufffdb"],
    ["pieces of both kinds", ["one ", Buffer.from("two "), "three"], "one two three"],
    ["no pieces", [], ""],
    ["empty pieces", ["", Buffer.alloc(0), "x", ""], "x"],
    ["an empty string", "", ""],
  ])("%s", async (_, message, expected) => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.send("<");
    connection.send(message);
    connection.send(">");
    await settled();
    expect(transport.written).toBe(`<${expected}>`);
    expect(connection.bytesWritten).toBe(Buffer.byteLength(expected) + 2);
  });

  test("an empty message alone writes nothing, and drained resolves", async () => {
    const { connection, transport } = overFake({ codec: raw() });
    expect(connection.send("")).toBe("sent");
    await connection.drained();
    expect(transport.writes).toEqual([]);
  });

  test("halves of a character that are sent apart do not become one", async () => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.send("\ud83d");
    connection.send("\ude00");
    connection.send(["a\ud83d", "\ude00b"]);
    await settled();
    expect(transport.written).toBe("\ufffd\ufffda\ufffd\ufffdb");
    expect(connection.bytesWritten).toBe(14);
  });

  test("a large string is written at once", () => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.send("ž".repeat(CORK_SIZE));
    expect(transport.writes[0]).toHaveLength(2 * CORK_SIZE);
  });
});

describe("the memory where messages are joined serves all connections, and", () => {
  const anySize = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20_000 }));
  const anyStep = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("send" as const),
        who: fc.nat(3),
        sizes: fc.array(anySize, { minLength: 1, maxLength: 3 }),
      }),
    },
    fc.record({
      do: fc.constant("take" as const),
      who: fc.nat(3),
      size: fc.oneof(anySize, fc.constant(Infinity)),
    }),
    fc.record({ do: fc.constant("settle" as const) }),
  );

  test("what one sends is never changed by another, behind or not", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: "max" }), async (steps) => {
        const all = [0, 1, 2, 3].map(() => ({
          ...overFake({ codec: raw(), maxSendBufferSize: Infinity }),
          sent: [] as Buffer[],
        }));
        // One of them takes all at once; the others are behind, by turns.
        for (const { transport } of all.slice(1)) transport.room = 0;
        let letter = 0;
        for (const step of steps) {
          if (step.do === "settle") await settled();
          else if (step.do === "take") all[step.who]!.transport.take(step.size);
          else {
            const pieces = step.sizes.map((size, i) => {
              letter = (letter + 1) % 26;
              const text = String.fromCharCode(97 + letter).repeat(size);
              return i % 2 === 0 ? text : Buffer.from(text);
            });
            all[step.who]!.connection.send(pieces);
            all[step.who]!.sent.push(...pieces.map((piece) => Buffer.from(piece as string)));
          }
        }
        for (const { connection, transport, sent } of all) {
          connection.close();
          while (transport.waiting > 0) transport.take();
          expect(transport.taken.equals(Buffer.concat(sent))).toBe(true);
        }
      }),
      { numRuns: 40 },
    ));

  test("over real sockets, what is behind keeps its bytes", async () => {
    const sides = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const tally = new Tally();
        const [ours, theirs] = await pair(
          i % 2 === 0 ? "tcp" : "unix",
          { codec: sized(), maxSendBufferSize: Infinity },
          { codec: raw(), onMessage: (_, chunk) => tally.add(chunk) },
        );
        return { ours, theirs, tally, expected: new Tally() };
      }),
    );
    for (const { theirs } of sides.slice(3)) theirs.connection.pauseRecv();
    for (let round = 0; round < 200; round++) {
      for (const [i, { ours, expected }] of sides.entries()) {
        for (let n = 0; n < 3; n++) {
          const message = Buffer.alloc((round * 7919 + i * 104_729 + n * 31) % 9000, round * 7 + i * 13 + n);
          ours.connection.send(message);
          const length = Buffer.alloc(4);
          length.writeUint32BE(message.length);
          expected.add(length);
          expected.add(message);
        }
      }
      if (round % 3 === 0) await settled();
    }
    for (const { ours, theirs } of sides) {
      ours.connection.close();
      theirs.connection.resumeRecv();
    }
    for (const { theirs, tally, expected } of sides) {
      await theirs.diary.until("close");
      expect(tally.size).toBe(expected.size);
      expect(tally.digest()).toBe(expected.digest());
    }
  });
});
