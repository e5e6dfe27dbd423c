/** The master of a fleet, in a process of its own: `master.ts <fleet as JSON> [drainTimeout in ms]`. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createApp, Worker } from "@sock/cluster";
import { answer } from "../../method/child.ts";
import { type Fleet, served } from "./served.ts";

const [, , FLEET = "{}", drainTimeout = "10000"] = process.argv;
let deaths = 0;
Worker.onWorkerExit = (worker) => {
  if (worker.name === "dying") deaths++;
};
const fleet = JSON.parse(FLEET) as Fleet;
const app = createApp(served(fleet), {
  file: join(import.meta.dirname, "serve.ts"),
  args: [],
  // Compiled code is kept, as that of a package is: these are many sources, and their types are to be stripped.
  env: {
    ...process.env,
    FLEET,
    NODE_COMPILE_CACHE: join(import.meta.dirname, "../../node_modules/.cache"),
  },
  drainTimeout: Number(drainTimeout),
  logger: { info() {}, warn() {}, error: (_, sentence) => console.error(sentence) },
});
const pids = async () => {
  const { workers } = await app.status();
  return workers[0]!.processes
    .filter(({ state }) => state === "idle" || state === "busy")
    .map(({ pid }) => pid!);
};

answer({
  /** Answers with the port. */
  async start(): Promise<number> {
    const started = app.start();
    // With one that never comes up, this takes for ever.
    started.catch(() => {});
    if (!fleet.withDying) await started;
    while ((await pids()).length < fleet.count) await sleep(10);
    return Number(new URL(app.addresses[0]!).port);
  },
  /** Of the processes that are ready. */
  pids,
  /** Answers with the ms that it took. */
  async reload(): Promise<number> {
    const began = performance.now();
    await app.reload();
    return performance.now() - began;
  },
  deaths: () => deaths,
  stop: () => app.stop(),
});
