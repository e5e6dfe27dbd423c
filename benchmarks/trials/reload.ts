/**
 * Reloads under load: one process and four, with clients that open a connection for each request, keep it, speak WebSocket or
 * text. None may fail or be refused, the old processes must be gone within the deadline, and WebSocket clients are told 1012
 * and have an answer from a new process within a second. The master and the clients are a process each.
 *
 * `reload.ts [--reloads=10] [--seconds=30] [--clients=16] [--deadline=10000] [--only=text]`
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Child } from "../method/child.ts";
import type { Tally } from "./support/load.ts";
import { untilGone } from "./support/processes.ts";
import { type TalkName, talks } from "./support/talks.ts";

const { values } = parseArgs({
  options: {
    reloads: { type: "string", default: "10" },
    seconds: { type: "string", default: "30" },
    clients: { type: "string", default: "16" },
    deadline: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
  },
});
const RELOADS = Number(values.reloads);
const CLIENTS = Number(values.clients);
const DEADLINE = Number(values.deadline);
/** From the start of one reload to that of the next, in ms. */
const EVERY = (Number(values.seconds) * 1000) / RELOADS;
const BACK = 1000;

console.log(
  `${RELOADS} reloads in ${values.seconds} s, ${CLIENTS} clients, answers take 2 ms, deadline ${DEADLINE} ms`,
);
for (const name of Object.keys(talks) as TalkName[])
  for (const count of [1, 4]) if (name.includes(values.only)) await measure(name, count);

async function measure(name: TalkName, count: number): Promise<void> {
  const program = (file: string) => join(import.meta.dirname, "support", file);
  const fleet = JSON.stringify({ serves: talks[name].serves, count });
  await using master = new Child({ file: program("master.ts"), args: [fleet, `${DEADLINE}`] });
  await using load = new Child({ file: program("load.ts") });
  const port = await master.ask<number>("start");
  const first = await master.ask<number[]>("pids");
  await load.ask("begin", name, port, CLIENTS);
  await sleep(500);
  const began = performance.now();
  let longest = 0;
  let left = 0;
  let replaced: Promise<void> = Promise.resolve();
  let slowest = 0;
  for (let nth = 1; nth <= RELOADS; nth++) {
    const old = nth === 1 ? first : await master.ask<number[]>("pids");
    longest = Math.max(longest, await master.ask<number>("reload"));
    const at = performance.now();
    replaced = Promise.all([
      replaced,
      // Beyond the deadline: what an end takes.
      untilGone(old, DEADLINE + 2000).then((those) => {
        left += those.length;
        slowest = Math.max(slowest, performance.now() - at);
      }),
    ]).then(() => {});
    await sleep(Math.max(0, began + nth * EVERY - performance.now()));
  }
  const seconds = (performance.now() - began) / 1000;
  await replaced;
  await load.ask("end");
  const tally = await load.ask<Tally>("tally");
  await master.ask("stop");
  const failed = Object.values(tally.failed).reduce((sum, one) => sum + one, 0);
  const isTold = name !== "short HTTP";
  const missed = [
    failed > 0 && `failed (${Object.entries(tally.failed).map(([why, times]) => `${why} ${times}`)})`,
    tally.refused > 0 && "refused",
    (left > 0 || slowest > DEADLINE + 2000) && "old code",
    isTold && tally.told < RELOADS && "goodbyes",
    isTold && tally.back > BACK && "back",
    tally.alive < CLIENTS && "starved",
  ].filter((one) => one !== false);
  if (missed.length > 0) process.exitCode = 1;
  console.log(
    `${name.padEnd(15)} × ${count}  ${tally.answered} answered in ${seconds.toFixed(0)} s, ${failed} failed, ${tally.refused} refused  ` +
      `a reload took at most ${Math.round(longest)} ms; ${left} old processes left, the last gone ${Math.round(slowest)} ms after  ` +
      `${isTold ? `${tally.told} told, ${tally.askedAgain} of them asked again, back within ${Math.round(tally.back)} ms (at most ${BACK})  ` : ""}` +
      `${missed.length === 0 ? "ok" : `MISSED: ${missed.join(", ")}`}`,
  );
}
