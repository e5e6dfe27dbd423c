/**
 * 5,000 connections that have had one answer and wait for their next request: what each costs, beside `node:http`. A fresh
 * server and fresh peers for each measurement, a process each.
 */
import { join } from "node:path";
import { type Exchange, LoadConnection } from "../pair/load-connection.ts";
import { http } from "../pair/protocols/http.ts";
import { pairedRatios, spread } from "../pair/statistics.ts";
import { answer, Child } from "../support/child.ts";
import { growthOf } from "../support/growth.ts";
import type { Memory } from "../support/memory.ts";

const CONNECTIONS = 5000;
/** At once on their way in: the kernel's queue of connections to be accepted is not endless. */
const LOT = 250;
const ROUNDS = 5;
/** What ours may take of what node:http takes. */
const CEILING = 0.6;

if (process.argv[2] === "peers") peers();
else await main();

async function main(): Promise<void> {
  const ours: Memory[] = [];
  const theirs: Memory[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measure("ours"));
    theirs.push(await measure("node:http"));
  }
  const resident = (memories: Memory[]) => memories.map(({ resident }) => resident);
  const ratio = spread(pairedRatios(resident(ours), resident(theirs)));
  const isMissed = ratio.median > CEILING;
  console.log(
    `ours ${describe(ours)}  node:http ${describe(theirs)}  ` +
      `ratio ${ratio.median.toFixed(2)} [${ratio.q1.toFixed(2)}..${ratio.q3.toFixed(2)}]  ` +
      `ceiling ${CEILING} ${isMissed ? "MISSED" : "ok"}`,
  );
  if (isMissed) process.exitCode = 1;
}

async function measure(name: string): Promise<Memory> {
  await using server = new Child({ file: join(import.meta.dirname, "support/servers.ts"), args: [name] });
  await using peers = new Child({ file: import.meta.filename, args: ["peers"] });
  const port = await server.ask("port");
  return await growthOf(server, CONNECTIONS, () => peers.ask("come", port));
}

function describe(memories: Memory[]): string {
  const kib = (what: keyof Memory) =>
    (spread(memories.map((memory) => memory[what])).median / 1024).toFixed(1).padStart(5);
  return `${kib("resident")} KiB (heap ${kib("heap")}, external ${kib("external")})`;
}

function peers(): void {
  answer({
    async come(port: number) {
      for (let i = 0; i < CONNECTIONS; i += LOT) {
        await Promise.all(Array.from({ length: LOT }, () => new LoadConnection(port).exchange(request)));
      }
    },
  });
}

const payload = Buffer.from("x".repeat(16));
const request: Exchange = {
  request: http.request(payload),
  responses: 1,
  measure: http.measure,
  isRight: (response) => http.isRight(response, payload),
};
