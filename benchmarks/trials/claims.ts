/**
 * 1,000 peers each claim a frame of 10 MiB and send one byte of it: the server grows by less than 32 MiB.
 * `claims.ts [peers]`. Server and peers are a process each.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "@sock/core";
import { frame } from "@sock/protocol-frame";

const CLAIM = 10 * 2 ** 20;
const LIMIT = 32 * 2 ** 20;

if (process.argv[2] === "server") await serve();
else await main(Number(process.argv[2] ?? 1000));

async function main(peers: number): Promise<void> {
  const child = fork(import.meta.filename, ["server"], { execArgv: [...process.execArgv, "--expose-gc"] });
  const [port] = (await once(child, "message")) as [number];
  const claim = Buffer.alloc(5);
  claim.writeUInt32BE(CLAIM);
  const sockets = [];
  for (let i = 0; i < peers; i++) {
    const socket = connectSocket(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(claim);
    sockets.push(socket);
  }
  await sleep(200);
  child.send("measure");
  const [{ growth, connections }] = (await once(child, "message")) as [
    { growth: number; connections: number },
  ];
  for (const socket of sockets) socket.destroy();
  console.log(`${connections} claims of 10 MiB: the server grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
  if (growth > LIMIT || connections !== peers) process.exitCode = 1;
}

async function serve(): Promise<void> {
  const server = await listen("tcp://127.0.0.1:0", { codec: frame(), onMessage() {} });
  const before = process.memoryUsage.rss();
  process.once("message", () => {
    process.send?.({ growth: process.memoryUsage.rss() - before, connections: server.connections.size });
    process.disconnect?.();
    void server.close();
  });
  process.send?.(Number(new URL(server.address).port));
}
