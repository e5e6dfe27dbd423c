/** Loads for so long in a worker process that its master is gone by then. */
import { setTimeout as delay } from "node:timers/promises";
import { createApp, runAll } from "../../src/index.ts";
import { web } from "./web-worker.ts";

const worker = web();
// It does not end by itself.
worker.onWorkerStart = () => void setInterval(() => {}, 1_000);
const isWorker = process.env.SOCK_WORKER !== undefined;
// Known before it says that it loads: whoever hears that ends the master.
const { ppid } = process;
if (isWorker) console.log(`${process.pid} loads`);
if (isWorker && process.env.LOSES_ITS_MASTER === "before it starts") {
  const app = createApp([worker]);
  while (process.connected) await delay(1);
  void app.start();
} else {
  while (isWorker && process.ppid === ppid) await delay(1);
  runAll();
}
