import type { Bytes } from "@sock/codec";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { type Connection, createEventLoop } from "../src/index.ts";
import { lines, sized, streamed } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { pair } from "./support/pair.ts";
import { settled } from "./support/settled.ts";

async function* brokenAfter(bytes: string): AsyncGenerator<Bytes> {
  yield bytes;
  await settled();
  throw new Error("no more paper");
}

/** What the peer of a connection over `wire` makes of it, when `its` has done something. */
async function seenBy(
  wire: "tcp" | "memory",
  act: (connection: Connection<string, string | AsyncIterable<Bytes>>) => unknown,
): Promise<string[]> {
  const [its, peer] = await pair(wire, { codec: streamed() }, { codec: lines() });
  await act(its.connection as never);
  await peer.diary.until("close");
  return peer.diary.lines.slice(1, -1);
}

describe.each(["tcp", "memory"] as const)("over %s the peer sees a loss", (wire) => {
  const LOSS = ["error ECONNRESET in transport"];

  test("when a stream fails half way", async () => {
    expect(await seenBy(wire, (connection) => connection.send(brokenAfter("half a line")))).toEqual(LOSS);
  });

  test("when a stream fails between whole lines, too", async () => {
    const seen = await seenBy(wire, (connection) => connection.send(brokenAfter("a line\n")));
    expect(seen.at(-1)).toBe(LOSS[0]);
  });

  test("when it is cut within a stream of which all was written", async () => {
    const seen = await seenBy(wire, async (connection) => {
      connection.send(
        (async function* () {
          yield "half ";
          await new Promise(() => {});
        })(),
      );
      await settled();
      connection.destroy();
    });
    expect(seen).toEqual(LOSS);
  });

  test("when it is cut with an error", async () => {
    const seen = await seenBy(wire, (connection) => connection.destroy(new Error("enough")));
    expect(seen).toEqual(LOSS);
  });

  test("when it is cut while something waits", async () => {
    const [its, peer] = await pair(wire, { codec: sized() }, { codec: lines(), maxPackageSize: 2 ** 30 });
    peer.connection.pauseRecv();
    its.connection.send(Buffer.alloc(32 * 1024 * 1024));
    await settled();
    expect(its.connection.sendBufferSize).toBeGreaterThan(0);
    its.connection.destroy();
    peer.connection.resumeRecv();
    await peer.diary.until("close");
    expect(peer.diary.lines.slice(1, -1)).toEqual(LOSS);
  });
});

test("cut with nothing lost, a peer over tcp sees an end", async () => {
  expect(await seenBy("tcp", (connection) => connection.destroy())).toEqual([]);
  const seen = await seenBy("tcp", async (connection) => {
    connection.send("all of it");
    await connection.drained();
    connection.destroy();
  });
  expect(seen).toEqual(["message all of it"]);
});

test("a codec's bug resets: what it made of the last message nobody knows", async () => {
  const { transport, diary } = overFake({
    codec: lines(() => ({
      decode() {
        throw new Error("oops");
      },
    })),
  });
  transport.receive("x\n");
  await settled();
  expect(diary.lines).toEqual(["connect", "error oops in decode", "close"]);
  expect(transport.wasReset).toBe(true);
});

test("cut while a handshake is under way, nothing is torn", async () => {
  const { transport, connection } = overFake({ codec: lines(() => ({ opening: true })) });
  connection.send("never began");
  connection.destroy();
  expect(transport.isDestroyed).toBe(true);
  expect(transport.wasReset).toBe(false);
});

test("a peer that does not end after us is cut without one: it has all", async () => {
  const clock = new ManualClock();
  const { transport, connection } = overFake({ codec: lines(), loop: createEventLoop(clock) });
  connection.close("bye");
  await settled();
  clock.advance(2502);
  expect(transport.isDestroyed).toBe(true);
  expect(transport.wasReset).toBe(false);
});
