/**
 * Deaths under load. A process is killed every three seconds for a minute: connections of others do not notice, the count is
 * back within two seconds, nothing is left of the dead. Then the master is killed: its workers let their connections finish,
 * and end. And a Worker whose processes die at their start is forked at most ten times in 17 s, while others serve on.
 *
 * `kills.ts [--seconds=60] [--every=3] [--clients=16] [--crash-loop=17] [--only=text]`
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Child } from "../method/child.ts";
import type { Tally } from "./support/load.ts";
import { stateOf, untilGone } from "./support/processes.ts";
import { type TalkName, talks } from "./support/talks.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    every: { type: "string", default: "3" },
    clients: { type: "string", default: "16" },
    "crash-loop": { type: "string", default: "17" },
    only: { type: "string", default: "" },
  },
});
const KILLS = Math.floor(Number(values.seconds) / Number(values.every));
const EVERY = Number(values.every) * 1000;
const CLIENTS = Number(values.clients);
const COUNT = 4;
const BACK = 2000;
/** For what is left when the master is dead: connections of these clients end with their next answer. */
const DRAIN = 10_000;
const FORKS = 10;

const program = (file: string) => join(import.meta.dirname, "support", file);

for (const name of Object.keys(talks) as TalkName[]) if (name.includes(values.only)) await kills(name);
await crashLoop();

async function kills(name: TalkName): Promise<void> {
  const fleet = JSON.stringify({ serves: talks[name].serves, count: COUNT });
  await using master = new Child({ file: program("master.ts"), args: [fleet] });
  await using load = new Child({ file: program("load.ts") });
  const port = await master.ask<number>("start");
  await load.ask("begin", name, port, CLIENTS);
  await sleep(500);
  const killed: number[] = [];
  const seen = new Set<number>();
  let back = 0;
  const began = performance.now();
  for (let nth = 1; nth <= KILLS; nth++) {
    const pids = await master.ask<number[]>("pids");
    for (const pid of pids) seen.add(pid);
    const victim = pids[Math.floor(Math.random() * pids.length)]!;
    killed.push(victim);
    process.kill(victim, "SIGKILL");
    back = Math.max(back, await untilBack(master, victim));
    await sleep(Math.max(0, began + nth * EVERY - performance.now()));
  }
  await load.ask("pulse");
  await sleep(1000);
  const tally = await load.ask<Tally>("tally");
  const last = await master.ask<number[]>("pids");
  for (const pid of last) seen.add(pid);
  const children = childrenOf(master.pid);
  const zombies = children.filter((pid) => stateOf(pid) === "Z").length;
  const orphans = [...seen].filter((pid) => !last.includes(pid) && stateOf(pid) !== undefined).length;
  // A connection that has had no answer yet is of nobody known.
  const strangers = Object.entries(tally.failedOf).filter(([pid]) => +pid !== -1 && !killed.includes(+pid));
  const others = strangers.reduce((sum, [, times]) => sum + times, 0);
  const failed = Object.values(tally.failed).reduce((sum, one) => sum + one, 0);

  await load.ask("expect", 1001);
  process.kill(master.pid, "SIGKILL");
  const diedAt = performance.now();
  const left = (await untilGone(last, DRAIN)).length;
  const drained = performance.now() - diedAt;
  const { failedOf } = await load.ask<Tally>("tally");
  // Those of them whose question was out.
  const cut = last.reduce((sum, pid) => sum + (failedOf[pid] ?? 0), 0);
  await load.ask("end");

  const missed = [
    others > 0 && "connections of others",
    // Each client has one connection at a time.
    failed > killed.length * CLIENTS && "failed",
    tally.refused > 0 && "refused",
    back > BACK && "back",
    tally.alive < CLIENTS && "starved",
    zombies > 0 && "zombies",
    (orphans > 0 || children.length !== COUNT) && "orphans",
    (left > 0 || cut > 0) && "end of the master",
  ].filter((one) => one !== false);
  report(
    `${name.padEnd(15)} ${killed.length} killed: ${tally.answered} answered, ${failed} failed, ` +
      `${others} of them of processes that lived, ${tally.failedOf[-1] ?? 0} before their first answer, ${tally.refused} refused; ` +
      `back within ${Math.round(back)} ms (at most ${BACK}); ${zombies} zombies, ${orphans} orphans; ` +
      `the master killed: ${left} of ${COUNT} left after ${Math.round(drained)} ms, ${cut} connections cut`,
    missed,
  );
}

/** Milliseconds until there are as many as before. */
async function untilBack(master: Child, victim: number): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < 10_000) {
    const pids = await master.ask<number[]>("pids");
    if (!pids.includes(victim) && pids.length === COUNT) break;
    await sleep(20);
  }
  return performance.now() - began;
}

async function crashLoop(): Promise<void> {
  const fleet = JSON.stringify({ serves: "text", count: 1, withDying: true });
  await using master = new Child({ file: program("master.ts"), args: [fleet] });
  await using load = new Child({ file: program("load.ts") });
  const began = performance.now();
  const port = await master.ask<number>("start");
  await load.ask("begin", "text", port, CLIENTS);
  await sleep(Number(values["crash-loop"]) * 1000 - (performance.now() - began));
  const deaths = await master.ask<number>("deaths");
  const tally = await load.ask<Tally>("tally");
  const failed = Object.values(tally.failed).reduce((sum, one) => sum + one, 0);
  await load.ask("end");
  await master.ask("stop");
  report(
    `a Worker that dies at its start: ${deaths} deaths in ${values["crash-loop"]} s (at most ${FORKS}); ` +
      `meanwhile the other ${tally.answered} answered, ${failed} failed, ${tally.refused} refused`,
    [
      (deaths > FORKS || deaths < 2) && "forks",
      (failed > 0 || tally.refused > 0 || tally.alive < CLIENTS) && "the other",
    ].filter((one) => one !== false),
  );
}

function report(line: string, missed: string[]): void {
  if (missed.length > 0) process.exitCode = 1;
  console.log(`${line}  ${missed.length === 0 ? "ok" : `MISSED: ${missed.join(", ")}`}`);
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ")[1]);
  } catch {
    return undefined;
  }
}
