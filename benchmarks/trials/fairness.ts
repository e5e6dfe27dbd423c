/**
 * How connections are shared out among the processes of a Worker, in each way that `accept` has, and what a connection costs:
 * `fairness.ts [connections] [processes]`. Long-lived connections that come many at a time, long-lived ones that come one
 * after the other, and short ones. The clients are a process of their own, with bare `net`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type Accept, createApp, Worker } from "@sock/cluster";
import { text } from "@sock/protocol-text";

const LOADS = { "many at a time": 200, "one by one": 1, short: 64 } as const;

type Load = keyof typeof LOADS;

if (process.argv[2] === "load") await load();
else await main();

async function main(): Promise<void> {
  const [connections = 10_000, processes = 4] = process.argv.slice(2).map(Number);
  for (const name of Object.keys(LOADS) as Load[])
    for (const accept of ["reusePort", "shared", "handover"] as const)
      await measure(accept, name, connections, processes);
}

function worker(accept: Accept, count: number): Worker<string, string> {
  const worker = new Worker("tcp://127.0.0.1:0", { codec: text(), accept, count });
  worker.onMessage = (connection, line) => connection.send(line);
  return worker;
}

async function measure(accept: Accept, load: Load, connections: number, processes: number): Promise<void> {
  const logger = { info() {}, warn: console.warn, error: console.error };
  const file = `${import.meta.dirname}/support/workers.ts`;
  const env = { ...process.env, ACCEPT: accept, COUNT: String(processes) };
  await using app = createApp([worker(accept, processes)], { file, env, args: [], logger });
  await app.start();
  const pids = (await app.status()).workers[0]!.processes.map(({ pid }) => pid!);
  const before = cpuOf([process.pid, ...pids]);
  const clients = fork(import.meta.filename, ["load", app.addresses[0]!, load, String(connections)]);
  const [{ failed, ms }] = (await once(clients, "message")) as [{ failed: number; ms: number }];
  const after = cpuOf([process.pid, ...pids]);
  const { workers } = await app.status();
  const opened = workers[0]!.processes.map(({ report }) => report?.opened ?? 0);
  const each = (what: number) => (((after[what] ?? 0) - (before[what] ?? 0)) / connections).toFixed(0);
  const ofWorkers = pids.reduce((sum, _, at) => sum + Number(each(at + 1)), 0);
  console.log(
    `${accept.padEnd(9)} ${load.padEnd(14)} ${opened.join(" ")}: the fullest has ` +
      `${(Math.max(...opened) / Math.min(...opened)).toFixed(2)} times the emptiest; ` +
      `µs a connection: master ${each(0)}, workers ${ofWorkers}; ${Math.round((connections / ms) * 1000)}/s` +
      `${failed === 0 ? "" : `; ${failed} FAILED`}`,
  );
  if (failed > 0) process.exitCode = 1;
  clients.kill();
  await once(clients, "exit");
  await app.stop({ within: 0 });
}

/** Microseconds of processor time of each process, by Linux. */
function cpuOf(pids: readonly number[]): number[] {
  return pids.map((pid) => {
    const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ");
    const fields = rest.split(" ").map(Number);
    return ((fields[11] ?? 0) + (fields[12] ?? 0)) * 10_000;
  });
}

async function load(): Promise<void> {
  const [, , , address = "", load = "short", count = "0"] = process.argv;
  const port = Number(new URL(address).port);
  const kept: Socket[] = [];
  const began = performance.now();
  let left = Number(count);
  let failed = 0;
  const one = async () => {
    while (left-- > 0) {
      const socket = connect(port, "127.0.0.1");
      try {
        socket.write("hello\n");
        await once(socket, "data");
        if (load === "short") socket.destroy();
        else kept.push(socket);
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: LOADS[load as Load] }, one));
  process.send?.({ failed, ms: performance.now() - began });
  process.on("disconnect", () => process.exit());
}
