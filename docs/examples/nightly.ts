/**
 * A timer in one process of several: `nightly start`; `SECONDS_BETWEEN` in the environment says how often. Ids stay when processes are replaced, so there is always one with
 * id 0, and never another for longer than a reload takes.
 */
import { runAll, Worker } from "@sock/cluster";
import { timer } from "@sock/timer";

const seconds = Number(process.env.SECONDS_BETWEEN ?? 60);

const worker = new Worker(undefined, { name: "nightly", count: 3 });
worker.onWorkerStart = () => {
  console.log(`process ${worker.id} is up`);
  if (worker.id !== 0) return;
  timer.add(seconds, () => console.log(`process ${worker.id} cleans up, as pid ${process.pid}`));
};

runAll();
