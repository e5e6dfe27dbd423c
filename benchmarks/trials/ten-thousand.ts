/**
 * 10,000 connections open at once, each echoing, then all closed: every open has one close, and memory returns.
 * `ten-thousand.ts [connections]`. Server and peers are a process each; both need that many file descriptors.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "@sock/core";
import { text } from "@sock/protocol-text";

interface Report {
  opens: number;
  closes: number;
  connections: number;
  /** MiB, after a collection. */
  heap: number;
  rss: number;
}

if (process.argv[2] === "server") await serve();
else await main(Number(process.argv[2] ?? 10_000));

async function main(count: number): Promise<void> {
  const child = fork(import.meta.filename, ["server"], { execArgv: [...process.execArgv, "--expose-gc"] });
  const [port] = (await once(child, "message")) as [number];
  const ask = async (): Promise<Report> => {
    child.send("report");
    const [report] = (await once(child, "message")) as [Report];
    return report;
  };

  const empty = await ask();
  const sockets: Socket[] = [];
  // In lots, so that the kernel's queue of connections to be accepted does not overflow.
  while (sockets.length < count) {
    const lot = Array.from({ length: Math.min(500, count - sockets.length) }, () =>
      connectSocket(port, "127.0.0.1"),
    );
    await Promise.all(lot.map((socket) => once(socket, "connect")));
    sockets.push(...lot);
  }
  await Promise.all(sockets.map(echo));
  const full = await ask();
  for (const socket of sockets) socket.end();
  await Promise.all(sockets.map((socket) => once(socket, "close")));
  await sleep(500);
  const emptied = await ask();
  child.send("end");

  const each = ((full.heap - empty.heap) * 1024) / count;
  console.log(
    `${full.connections} connections echoed, ${each.toFixed(1)} KiB of heap each; ` +
      `${emptied.opens} opened, ${emptied.closes} closed, ${emptied.connections} left\n` +
      `heap: ${empty.heap} MiB before, ${full.heap} with all, ${emptied.heap} after; ` +
      `resident: ${empty.rss}, ${full.rss}, ${emptied.rss}`,
  );
  const isEven = emptied.opens === count && emptied.closes === count && emptied.connections === 0;
  if (full.connections !== count || !isEven || emptied.heap - empty.heap > 8) process.exitCode = 1;
}

async function echo(socket: Socket): Promise<void> {
  socket.write("hello\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  if (String(answer) !== "hello\n") throw new Error(`echoed ${answer}`);
}

async function serve(): Promise<void> {
  let opens = 0;
  let closes = 0;
  const server = await listen("tcp://127.0.0.1:0", {
    codec: text(),
    onConnect: () => void opens++,
    onMessage: (connection, line) => void connection.send(line),
    onClose: () => void closes++,
  });
  process.on("message", (what) => {
    if (what === "end") {
      process.disconnect?.();
      void server.close();
      return;
    }
    globalThis.gc?.();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    const mib = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10;
    const report: Report = {
      opens,
      closes,
      connections: server.connections.size,
      heap: mib(heapUsed + external + arrayBuffers),
      rss: mib(rss),
    };
    process.send?.(report);
  });
  process.send?.(Number(new URL(server.address).port));
}
