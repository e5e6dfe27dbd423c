import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop, listen, type Server } from "../src/index.ts";
import { claims } from "./peers/claims.ts";
import { drips } from "./peers/drips.ts";
import { floods } from "./peers/floods.ts";
import { halfCloses } from "./peers/half-closes.ts";
import { neverReads } from "./peers/never-reads.ts";
import { resets } from "./peers/resets.ts";
import { vanishes } from "./peers/vanishes.ts";
import { lines, sized } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress, listening } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

describe.each(["tcp", "tls", "unix"] as const)("over %s, a peer", (wire) => {
  /** An echo of lines, its diary, and proof that it still serves others. */
  async function echo(options = {}) {
    const diary = new Diary();
    const server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: lines(),
        onMessage: (connection, line) => connection.send(`${line}!`),
        ...listening(wire),
        ...options,
      }),
    );
    return { server, diary };
  }

  async function servesOthers(server: Server<string>): Promise<void> {
    expect(await halfCloses(server.address, "anybody there?\n")).toBe("anybody there?!\n");
  }

  test("that says one thing and ends, as nc does, gets its answer", async () => {
    const { server, diary } = await echo();
    expect(await halfCloses(server.address, "one\ntwo\n")).toBe("one!\ntwo!\n");
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "message one", "message two", "close"]);
    await server.close();
  });

  test("that says nothing and ends is opened and closed", async () => {
    const { server, diary } = await echo();
    expect(await halfCloses(server.address, "")).toBe("");
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "close"]);
    await server.close();
  });

  test("that drips is understood", async () => {
    const { server, diary } = await echo();
    expect(await drips(server.address, "žluť\r\n\n🐎\n")).toBe("žluť\r!\n!\n🐎!\n");
    await diary.until("close");
    expect(diary.count("close")).toBe(1);
    await server.close();
  });

  test("that never reads costs the send buffer and no more, and is cut at the close", async () => {
    const clock = new ManualClock();
    const fill = (connection: { send(line: string): string }) => {
      while (connection.send("x".repeat(10_000)) !== "dropped");
    };
    const { server, diary } = await echo({
      maxSendBufferSize: 50_000,
      closeTimeout: 10_000,
      loop: createEventLoop(clock),
      onMessage: fill,
      // TLS takes one write a turn, so its buffer is full before the kernel's is.
      onBufferDrain: fill,
    });
    const peer = await neverReads(server.address, "go\n");
    await diary.until("error SEND_BUFFER_FULL in send");
    expect(diary.lines.slice(0, 4)).toEqual([
      "connect",
      "message go",
      "full",
      "error SEND_BUFFER_FULL in send",
    ]);
    const [connection] = server.connections;
    for (let before = -1; before !== connection!.bytesWritten; ) {
      before = connection!.bytesWritten;
      for (let i = 0; i < 20; i++) await settled();
      expect(connection!.sendBufferSize).toBeLessThan(50_000 + 20_000);
    }
    expect(diary.lines.at(-1)).toBe("error SEND_BUFFER_FULL in send");
    const closing = server.close();
    await settled();
    clock.advance(10_502);
    await closing;
    expect(diary.lines.slice(-2)).toEqual(["error CLOSE_TIMEOUT in deadline", "close"]);
    peer.end();
  });

  test("that floods a handler at work is made to wait", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { server, diary } = await echo({ onMessage: () => promise });
    const peer = await floods(server.address, `${"x".repeat(999)}\n`, 64 * 1024 * 1024);
    await diary.until(`message ${"x".repeat(999)}`);
    for (let i = 0; i < 50; i++) await settled();
    for (const connection of server.connections) {
      expect(connection.recvBufferSize).toBeLessThan(256 * 1024);
      expect(connection.bytesRead).toBeLessThan(256 * 1024);
    }
    expect(peer.sent).toBeLessThan(64 * 1024 * 1024);
    await servesOthers((await echo()).server);
    peer.cut();
    resolve();
    await diary.until("close");
    await server.close();
  });

  test("that floods without end of a frame is told to go", async () => {
    const { server, diary } = await echo({ maxPackageSize: 100_000 });
    const peer = await floods(server.address, "x".repeat(65_536));
    await diary.until("error FRAME_TOO_LARGE in input");
    await servesOthers(server);
    peer.cut();
    await diary.until("close", 2);
    expect(diary.count("connect")).toBe(2);
    await server.close();
  });

  test("that resets is told as an error, and closed once", async () => {
    const { server, diary } = await echo();
    const peer = await resets(server.address, "one\n");
    await diary.until("message one");
    for (const connection of server.connections) await connection.drained();
    peer.reset();
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "message one", "error ECONNRESET in transport", "close"]);
    await servesOthers(server);
    await server.close();
  });

  test("that vanishes between frames is closed", async () => {
    const { server, diary } = await echo({ onMessage() {} });
    await vanishes(server.address, "one\n");
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "message one", "close"]);
    await server.close();
  });

  test("that vanishes within a frame is told as an error", async () => {
    const { server, diary } = await echo();
    await vanishes(server.address, "on");
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "error UNEXPECTED_END in finish", "close"]);
    await servesOthers(server);
    await server.close();
  });

  test("that claims much and sends little keeps little, a hundred times over", async () => {
    const diary = new Diary();
    const server = await listen(anyAddress(wire), diary.keep({ codec: sized(), ...listening(wire) }));
    const before = process.memoryUsage().arrayBuffers;
    const peers = await Promise.all(
      Array.from({ length: 100 }, () => claims(server.address, 10 * 1024 * 1024 - 4)),
    );
    await diary.until("connect", 100);
    while ([...server.connections].some((connection) => connection.recvBufferSize < 5)) await settled();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    for (const peer of peers) peer.go();
    await diary.until("close", 100);
    await server.close();
  });
});
