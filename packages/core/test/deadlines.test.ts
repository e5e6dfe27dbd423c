import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { connect, createEventLoop, listen, raw } from "../src/index.ts";
import { floods } from "./peers/floods.ts";
import { neverReads } from "./peers/never-reads.ts";
import { saysNothing } from "./peers/says-nothing.ts";
import { greeting, lines } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress, connecting as connectingOver, listening } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

/** What a deadline may be late, and a little. */
const LATE = 502;

// Phases, and what waits to be sent, have files of their own.
describe.each(["tcp", "tls", "unix"] as const)("over %s, a deadline ends", (wire) => {
  function begin() {
    const clock = new ManualClock();
    return { clock, loop: createEventLoop(clock), diary: new Diary() };
  }

  test("a connect whose handshake is not answered", async () => {
    const { clock, loop } = begin();
    await using server = await listen(anyAddress(wire), {
      codec: raw(),
      onMessage() {},
      ...listening(wire),
    });
    const connecting = connect(server.address, {
      codec: greeting(),
      loop,
      timeout: 10_000,
      ...connectingOver(wire),
    });
    const failure = expect(connecting).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    while (server.stats().bytesRead === 0) await settled();
    clock.advance(10_000);
    await failure;
  });

  test("a connection whose peer is silent", async () => {
    const { clock, loop, diary } = begin();
    const server = await listen(
      anyAddress(wire),
      diary.keep({ codec: lines(), loop, idleTimeout: 60_000, lingerTimeout: 1, ...listening(wire) }),
    );
    const peer = await saysNothing(server.address);
    await diary.until("connect");
    clock.advance(59_999);
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1 + LATE);
    await settled();
    clock.advance(1 + LATE);
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "error IDLE_TIMEOUT in deadline", "close"]);
    peer.go();
    await server.close();
  });

  test("a close that is not taken", async () => {
    const { clock, loop, diary } = begin();
    const server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: raw(),
        loop,
        writeTimeout: Infinity,
        ...listening(wire),
        onConnect: (connection) => connection.close(Buffer.alloc(32 * 1024 * 1024)),
      }),
    );
    await neverReads(server.address);
    await diary.until("connect");
    await settled();
    clock.advance(29_999);
    await settled();
    expect(diary.lines).toEqual(["connect", "full"]);
    clock.advance(1 + LATE);
    await diary.until("close");
    expect(diary.lines.slice(2)).toEqual(["error CLOSE_TIMEOUT in deadline", "close"]);
    await server.close();
  });

  test("a close that is taken, by a peer that does not end", async () => {
    const { clock, loop, diary } = begin();
    const server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: lines(),
        loop,
        onConnect: (connection) => connection.close("bye"),
        ...listening(wire),
      }),
    );
    const peer = await saysNothing(server.address);
    await diary.until("connect");
    for (const connection of server.connections) while (connection.state !== "ending") await settled();
    clock.advance(1999);
    await settled();
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1 + LATE);
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "close"]);
    peer.go();
    await server.close();
  });

  test("a peer that asks and asks, and reads no answer: it is read no further, and cut", async () => {
    const { clock, loop, diary } = begin();
    const server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: lines((link) => ({
          decode(frame) {
            link.reply(frame);
            return undefined;
          },
        })),
        loop,
        maxSendBufferSize: 100_000,
        ...listening(wire),
      }),
    );
    const peer = await floods(server.address, `${"ping".repeat(250)}\n`);
    await diary.until("full");
    const [connection] = server.connections;
    let before = -1;
    while (connection!.bytesRead !== before) {
      before = connection!.bytesRead;
      for (let i = 0; i < 20; i++) await settled();
    }
    expect(connection!.sendBufferSize).toBeLessThan(300_000);
    expect(connection!.recvBufferSize).toBeLessThan(300_000);
    // TLS takes one write a turn, so its buffer was full before the kernel's was.
    const sofar = diary.lines.length;
    if (wire !== "tls") expect(diary.lines).toEqual(["connect", "full"]);
    clock.advance(29_999);
    await settled();
    expect(diary.lines.slice(sofar - 1)).toEqual(["full"]);
    // The first time is that of the peer's last progress; in the second there was none.
    for (let i = 0; i < 2 && !diary.lines.includes("error WRITE_TIMEOUT in deadline"); i++)
      clock.advance(30_000 + LATE);
    await diary.until("close");
    expect(diary.lines.slice(sofar)).toEqual(["error WRITE_TIMEOUT in deadline", "close"]);
    peer.cut();
    await server.close();
  });
});
