import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Visit } from "../load/idlers.ts";
import type { Server } from "../load/measure.ts";
import { Child } from "../method/child.ts";
import { growthOf } from "../method/growth.ts";
import { kernelMemory } from "../method/kernel.ts";
import { ServerProcess } from "../method/processes.ts";
import { median } from "../method/statistics.ts";
import { inTurns } from "../method/turns.ts";
import type { Absent, Limit, Result } from "../result.ts";
import { type PeerName, peers, program, type Scheme } from "../servers.ts";
import { NotAvailable, type Row, type Run, type Suite } from "../suite.ts";

/** Peers that have come and say nothing. */
interface Crowd {
  name: string;
  count: number;
  visit: Visit;
  scheme: Scheme;
  deflate?: boolean;
  peers: readonly PeerName[];
  limits?: Partial<Record<PeerName, Limit>>;
  isQuick?: boolean;
}

const crowds: readonly Crowd[] = [
  {
    name: "idle raw, 18,000",
    count: 18_000,
    visit: "raw",
    scheme: "raw",
    peers: ["net"],
    limits: { net: { atMost: 1.5, issue: 5 } },
    isQuick: true,
  },
  {
    name: "idle websocket, 5,000",
    count: 5000,
    visit: "websocket",
    scheme: "websocket",
    peers: ["ws", "bun", "uws"],
    limits: { ws: { atMost: 0.85, issue: 3 } },
  },
  {
    name: "idle websocket with deflate used once, 5,000",
    count: 5000,
    visit: "websocketDeflate",
    scheme: "websocket",
    deflate: true,
    peers: ["ws"],
    limits: { ws: { atMost: 0.2, issue: 3 } },
  },
  {
    name: "idle http, 5,000",
    count: 5000,
    visit: "http",
    scheme: "http",
    peers: ["node:http", "fastify"],
    limits: { "node:http": { atMost: 0.6, issue: 4 } },
  },
];

/** A fresh server and fresh peers for each: few are enough, and they are slow. */
const SHARE_OF_ROUNDS = 2;

/** Milliseconds for the kernel to give back what gone connections took. */
const SETTLE = 300;

export const memory: Suite = {
  name: "memory",
  about: "what an idle connection takes of a process, and of the kernel",
  rows: crowds.map(rowOf),
};

function rowOf(crowd: Crowd): Row {
  return {
    name: crowd.name,
    isQuick: crowd.isQuick ?? false,
    hasLimit: crowd.limits !== undefined,
    measure: async (run) => [await measure(crowd, run)],
  };
}

/** What a connection takes, in bytes. */
interface Share {
  resident: number;
  heap: number;
  external: number;
  kernel: number | undefined;
}

async function measure(crowd: Crowd, run: Run): Promise<Result> {
  const args = crowd.deflate ? ["deflate"] : [];
  const found = peers(crowd.peers, crowd.scheme, run.peers);
  const absent: Absent[] = [...found.absent];
  const servers: Server[] = [
    { name: "sock", ...program("ours/echo.ts", crowd.scheme, ...args) },
    ...found.servers.map((server) => ({ ...server, args: [...(server.args ?? []), ...args] })),
  ];
  const count = Math.ceil(crowd.count * run.scale);
  checkDescriptors(count);
  const contestants = servers.map((server) => ({ server, shares: [] as Share[] }));
  const rounds = Math.max(2, Math.ceil(run.rounds / SHARE_OF_ROUNDS));
  await inTurns(contestants, rounds, async ({ server, shares }, round) => {
    run.progress(`${server.name}, ${round + 1} of ${rounds}`);
    shares.push(await shareOf(server, crowd.visit, count));
  });
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  return {
    suite: memory.name,
    row: crowd.name,
    metric: "",
    unit: "KiB",
    better: "less",
    contestants: contestants.map(({ server, shares }) => ({
      name: server.name,
      rounds: shares.map(({ resident }) => resident / 1024),
    })),
    limits: crowd.limits ?? {},
    absent,
    notes: [
      ...contestants.map(({ server, shares }) => {
        const middle = (what: keyof Share) => kib(median(shares.map((share) => share[what] ?? Number.NaN)));
        return `${server.name}: heap ${middle("heap")} KiB, external ${middle("external")}, kernel with both ends ${middle("kernel")}`;
      }),
      ...(count === crowd.count ? [] : [`only ${count} connections, for a look`]),
    ],
  };
}

async function shareOf(server: Server, visit: Visit, count: number): Promise<Share> {
  await using running = await ServerProcess.start(server, {});
  await using idlers = new Child({ file: join(import.meta.dirname, "../load/idlers.ts") });
  await sleep(SETTLE);
  const before = kernelMemory();
  const { resident, heap, external } = await growthOf(running, count, () =>
    idlers.ask("come", running.port, visit, count),
  );
  const after = kernelMemory();
  const kernel = before === undefined || after === undefined ? undefined : (after - before) / count;
  return { resident, heap, external, kernel };
}

/** @throws NotAvailable when a process may not have that many open */
function checkDescriptors(count: number): void {
  // What Node raises its own soft limit to. A shell is asked, as Node does not tell.
  const { stdout } = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  const limit = Number(stdout);
  if (limit < count + 100)
    throw new NotAvailable(`${count} connections, but a process may open ${limit} files (ulimit -Hn)`);
}
