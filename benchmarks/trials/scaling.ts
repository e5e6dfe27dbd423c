/**
 * What a message costs when two workers share the connections, in place of one: the processor time of all workers together,
 * a message. It may be 1.1 times as much. Frames of 64 bytes and HTTP, 64 connections with one message in flight, from a
 * process of its own, in turns, all workers on one core. What more workers bring is for `bench cluster` to say, where there
 * are three cores.
 *
 * `scaling.ts [rounds]`
 */
import { join } from "node:path";
import type { Work } from "../load/load.ts";
import { LoadProcess } from "../load/load-process.ts";
import { Child } from "../method/child.ts";
import { chooseCores } from "../method/cores.ts";
import { cpuTime } from "../method/cpu-time.ts";
import { median, pairedRatios, spread } from "../method/statistics.ts";
import type { Served } from "./support/served.ts";

const [, , rounds = "20"] = process.argv;
const ROUND = 400;
/** All workers on one: what they cost is then theirs, and not that of a load that they have to share a core with. */
const cores = chooseCores();
const AT_MOST = 1.1;

const works: readonly [Served, Pick<Work, "protocol" | "payload">][] = [
  ["frame echo", { protocol: "frame", payload: 64 }],
  ["http echo", { protocol: "httpGet", payload: 16 }],
];

for (const [serves, what] of works) await measure(serves, { ...what, connections: 64, inFlight: 1 });

async function measure(serves: Served, work: Work): Promise<void> {
  await using stack = new AsyncDisposableStack();
  // Ends before the fleets do: it takes their end for a fault.
  await using load = new LoadProcess({ core: cores.load });
  const fleets = [];
  for (const count of [1, 2]) fleets.push(await begin(stack, load, serves, count, work));
  for (let round = 0; round < Number(rounds); round++) {
    for (const fleet of round % 2 === 0 ? fleets : fleets.toReversed()) await run(load, fleet);
  }
  const [one, two] = fleets.map(({ costs }) => costs) as [number[], number[]];
  const { median: ratio, q1, q3 } = spread(pairedRatios(two, one));
  console.log(
    `${serves}: one worker ${median(one).toFixed(1)} µs a message, two ${median(two).toFixed(1)}: ` +
      `${ratio.toFixed(2)} times [${q1.toFixed(2)}..${q3.toFixed(2)}], at most ${AT_MOST}`,
  );
  if (ratio > AT_MOST) process.exitCode = 1;
}

interface Running {
  target: { port: number; pid: number };
  pids: readonly number[];
  /** Microseconds a message. */
  costs: number[];
}

async function begin(
  stack: AsyncDisposableStack,
  load: LoadProcess,
  serves: Served,
  count: number,
  work: Work,
): Promise<Running> {
  const file = join(import.meta.dirname, "support/master.ts");
  const fleet = { file, args: [JSON.stringify({ serves, count })] };
  const master = stack.use(new Child(fleet, { core: cores.server }));
  const target = { port: await master.ask<number>("start"), pid: master.pid };
  await load.open(target, work, 1000);
  return { target, pids: await master.ask<number[]>("pids"), costs: [] };
}

async function run(load: LoadProcess, { target, pids, costs }: Running): Promise<void> {
  const before = usedBy(pids);
  const { perSecond } = await load.round(target, 0, ROUND);
  costs.push(((usedBy(pids) - before) * 1000) / ((perSecond * ROUND) / 1000));
}

/** Milliseconds of processor time. */
function usedBy(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (cpuTime(pid)?.used ?? Number.NaN), 0);
}
