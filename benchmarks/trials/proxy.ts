/**
 * A proxy of two `pipe` calls carries 1 GiB each way between peers of unequal speed: hashes equal, and the proxy's
 * process does not grow. `proxy.ts [MiB]`. Peers and proxy are a process each.
 */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bytes } from "@sock/codec";
import { type Connection, connect, listen, raw } from "@sock/core";

const CHUNK = 64 * 1024;
const [, , role = "main", ...rest] = process.argv;

if (role === "proxy") await proxy(rest[0] as string);
else if (role === "peer") await peer(Number(rest[0]), rest[1] === "slow");
else await main(Number(process.argv[2] ?? 1024));

async function main(mebibytes: number): Promise<void> {
  const target = await started(fork(import.meta.filename, ["peer", String(mebibytes), "slow"]));
  const between = await started(fork(import.meta.filename, ["proxy", target.address]));
  const reports = Promise.all([once(target.child, "message"), once(between.child, "message")]);
  const began = performance.now();

  const client = await connect(between.address, { codec: raw(), allowHalfOpen: true });
  const [sent, received] = await exchange(client, mebibytes, false);
  const [[report], [growth]] = (await reports) as [
    [{ sent: string; received: string }],
    [{ growth: number }],
  ];

  const seconds = (performance.now() - began) / 1000;
  const isEqual = sent === report.received && received === report.sent;
  console.log(
    `${mebibytes} MiB each way in ${seconds.toFixed(1)} s; hashes ${isEqual ? "equal" : "DIFFER"}; ` +
      `the proxy grew by ${mib(growth.growth)} MiB at most`,
  );
  if (!isEqual || growth.growth > 64 * 2 ** 20) process.exitCode = 1;
}

async function proxy(target: string): Promise<void> {
  const server = await listen("tcp://127.0.0.1:0", {
    async onConnect(client) {
      const upstream = await connect(target);
      client.pipe(upstream);
      upstream.pipe(client);
    },
    onClose: () => void server.close(),
  });
  process.send?.(server.address);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 100);
  await closed(server);
  clearInterval(watch);
  process.send?.({ growth: peak - before, peak });
  process.disconnect?.();
}

async function closed(server: {
  connections: { readonly size: number };
  stats(): { opened: number };
}): Promise<void> {
  while (server.stats().opened === 0 || server.connections.size > 0) await sleep(50);
}

async function peer(mebibytes: number, isSlow: boolean): Promise<void> {
  const server = await listen("tcp://127.0.0.1:0", {
    allowHalfOpen: true,
    async onConnect(connection) {
      const [sent, received] = await exchange(connection, mebibytes, isSlow);
      process.send?.({ sent, received });
      await server.close();
      process.disconnect?.();
    },
  });
  process.send?.(server.address);
}

/** Sends and receives at once; answers with the hash of each. */
async function exchange(
  connection: Connection<Buffer, Bytes>,
  mebibytes: number,
  isSlow: boolean,
): Promise<[string, string]> {
  const receiving = receive(connection, isSlow);
  const sent = await send(connection, mebibytes);
  return [sent, await receiving];
}

async function send(connection: Connection<Buffer, Bytes>, mebibytes: number): Promise<string> {
  const hash = createHash("sha1");
  for (let i = 0; i < mebibytes * (2 ** 20 / CHUNK); i++) {
    const chunk = Buffer.alloc(CHUNK, i % 251);
    hash.update(chunk);
    if (connection.send(chunk) !== "sent") await connection.drained();
  }
  connection.closeWrite();
  return hash.digest("hex");
}

async function receive(connection: Connection<Buffer, Bytes>, isSlow: boolean): Promise<string> {
  const hash = createHash("sha1");
  let count = 0;
  for await (const chunk of connection) {
    hash.update(chunk);
    if (isSlow && ++count % 64 === 0) await sleep(2);
  }
  return hash.digest("hex");
}

async function started(child: ReturnType<typeof fork>): Promise<{ child: typeof child; address: string }> {
  const [address] = (await once(child, "message")) as [string];
  return { child, address };
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
