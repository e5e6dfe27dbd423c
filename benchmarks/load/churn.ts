// A process of peers that come, say one thing, hear it and go, over and over.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "../method/child.ts";
import { Count, type Round } from "./round.ts";

/** Where all sockets read into, one after the other. */
const chunk = Buffer.allocUnsafeSlow(4096);
const message = Buffer.alloc(64, "in and out again; ");

/** Of 127.0.0.0/8, all of which is this machine: each has ports of its own, of which a gone connection keeps one a while. */
const FROM = 64;

answer({
  async round(
    { port, pid }: { port: number; pid: number },
    peers: number,
    warmUp: number,
    duration: number,
  ): Promise<Round> {
    let visits = 0;
    let isOn = true;
    const running = Array.from({ length: peers }, async (_, i) => {
      for (let from = i; isOn; from++) {
        await visit(port, `127.0.0.${1 + (from % FROM)}`);
        visits++;
      }
    });
    await sleep(warmUp);
    const count = new Count(pid, () => visits);
    await sleep(duration);
    const round = count.end();
    isOn = false;
    await Promise.all(running);
    return round;
  },
});

function visit(port: number, localAddress: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let due = message.length;
    const socket = connect({
      host: "127.0.0.1",
      port,
      localAddress,
      noDelay: true,
      onread: {
        buffer: chunk,
        callback(length) {
          if (!message.subarray(-due).subarray(0, length).equals(chunk.subarray(0, length)))
            reject(new Error("a wrong answer"));
          due -= length;
          if (due === 0) socket.end();
          return true;
        },
      },
    });
    socket.write(message);
    socket.once("error", reject);
    // Both sides have ended.
    socket.once("close", () => resolve());
  });
}
