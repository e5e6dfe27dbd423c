import { ManualClock } from "@sock/timer/manual";
import { expect, test } from "vitest";
import { createEventLoop, raw } from "../src/index.ts";
import { connectedPair } from "../src/memory.ts";
import { greeting, lines } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { settled } from "./support/settled.ts";

function joined(codec = lines()) {
  const left = new Diary();
  const right = new Diary();
  const [connection, peer] = connectedPair(left.keep({ codec }), right.keep({ codec }));
  return { connection, peer, left, right };
}

test("both sides open at a later turn", async () => {
  const { connection, peer, left, right } = joined();
  expect([connection.state, peer.state]).toEqual(["opening", "opening"]);
  expect([...left.lines, ...right.lines]).toEqual([]);
  await settled();
  expect([connection.state, peer.state]).toEqual(["open", "open"]);
  expect([...left.lines, ...right.lines]).toEqual(["connect", "connect"]);
});

test("what is sent before waits, and comes after the other side's onConnect", async () => {
  const { connection, right } = joined();
  expect(connection.send("early")).toBe("buffered");
  await settled();
  expect(right.lines).toEqual(["connect", "message early"]);
});

test("what is sent before a handshake waits for it", async () => {
  const { connection, right } = joined(greeting());
  expect(connection.send("early")).toBe("buffered");
  await settled();
  expect(right.lines).toEqual(["connect", "message early"]);
});

test("closed before it opened, it closes after", async () => {
  const { connection, left, right } = joined();
  connection.close("bye");
  await settled();
  expect(left.lines).toEqual(["connect", "close"]);
  expect(right.lines).toEqual(["connect", "message bye", "close"]);
});

test("destroyed before it opened, it is closed", async () => {
  const { connection, peer } = joined();
  connection.destroy();
  await settled();
  expect([connection.state, peer.state]).toEqual(["closed", "closed"]);
});

test("each side buffers 64 KiB before the other is behind", async () => {
  const [connection, peer] = connectedPair({ codec: raw() }, { codec: raw(), onMessage() {} });
  await settled();
  peer.pauseRecv();
  connection.send(Buffer.alloc(100_000));
  await settled();
  expect(connection.sendBufferSize).toBe(100_000 - 64 * 1024);
  peer.resumeRecv();
  await settled();
  expect(connection.sendBufferSize).toBe(0);
  expect(peer.bytesRead).toBe(100_000);
});

test("the loop that is given is that of both sides", async () => {
  const clock = new ManualClock();
  const loop = createEventLoop(clock);
  const [connection, peer] = connectedPair(
    { codec: raw(), lingerTimeout: 1000 },
    { codec: raw(), allowHalfOpen: true, onMessage() {} },
    loop,
  );
  await settled();
  connection.close();
  await settled();
  expect(connection.state).toBe("ending");
  clock.advance(1502);
  await settled();
  expect(connection.state).toBe("closed");
  expect(peer.state).not.toBe("opening");
});
