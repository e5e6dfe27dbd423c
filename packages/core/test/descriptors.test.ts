import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import type { Stats } from "../src/index.ts";
import { dial } from "./support/dial.ts";

const program = join(import.meta.dirname, "support/crowded.ts");

/** A server in a process that may open so many files. */
async function crowded(descriptors: number) {
  const command = `ulimit -n ${descriptors}; exec "$0" --conditions=@sock/source "$1"`;
  const child = spawn("sh", ["-c", command, process.execPath, program], { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => (await answers.next()).value as string;
  return {
    address: await next(),
    told: () => told,
    async stats(): Promise<Stats> {
      child.stdin.write("\n");
      return JSON.parse(await next());
    },
  };
}

async function echoes(socket: Socket): Promise<boolean> {
  socket.resume();
  socket.write("ping");
  const answered = once(socket, "data").then(([chunk]) => String(chunk) === "ping");
  const ended = once(socket, "end").then(() => false);
  // Reset, since it was written to.
  return Promise.race([answered, ended]).catch(() => false);
}

test.skipIf(!existsSync("/proc/self/limits"))(
  "a process that runs out of descriptors turns peers away, says so once, and serves the others",
  async () => {
    const server = await crowded(64);
    const sockets: Socket[] = [];
    for (let i = 0; i < 60; i++) sockets.push(await dial(server.address));
    const served = await Promise.all(sockets.map(echoes));
    const { opened, refused, refusedBy } = await server.stats();
    expect(refused).toBeGreaterThan(0);
    expect(refusedBy.descriptors).toBe(refused);
    expect(served.filter(Boolean)).toHaveLength(opened);
    expect(opened + refused).toBe(60);
    expect(server.told().match(/file descriptor/g)).toHaveLength(1);

    for (const socket of sockets) socket.destroy();
    for (;;) if ((await server.stats()).connections === 0) break;
    expect(await echoes(await dial(server.address))).toBe(true);
  },
);
