// A process that sends without end through a proxy, and takes what comes out of it.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "../method/child.ts";
import { Count, type Round } from "./round.ts";

const piece = Buffer.alloc(64 * 1024, "0123456789abcdef");
const MIB = 2 ** 20;

let received = 0;
const sink = createServer((socket) => {
  let at = 0;
  socket.on("data", (chunk: Buffer) => {
    // The first bytes of each are compared, the others are counted.
    if (at < piece.length) check(chunk, at);
    at += chunk.length;
    received += chunk.length;
  });
  socket.on("error", () => socket.destroy());
});
sink.listen(0, "127.0.0.1");
await once(sink, "listening");

const opened = new Map<number, Socket[]>();

answer({
  port: () => (sink.address() as AddressInfo).port,

  async open({ port, pid }: { port: number; pid: number }, count: number) {
    const sockets = Array.from({ length: count }, () => connect({ port, host: "127.0.0.1", noDelay: true }));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    opened.set(pid, sockets);
  },

  /** MiB a second that came out. */
  async round({ pid }: { pid: number }, warmUp: number, duration: number): Promise<Round> {
    let isOn = true;
    const sending = opened.get(pid)!.map(async (socket) => {
      while (isOn) await new Promise((written) => socket.write(piece, written));
    });
    await sleep(warmUp);
    const count = new Count(pid, () => received / MIB);
    await sleep(duration);
    const round = count.end();
    isOn = false;
    await Promise.all(sending);
    return round;
  },
});

function check(chunk: Buffer, at: number): void {
  const length = Math.min(chunk.length, piece.length - at);
  if (!chunk.subarray(0, length).equals(piece.subarray(at, at + length)))
    throw new Error("bytes were changed");
}
