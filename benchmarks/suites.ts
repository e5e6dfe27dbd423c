import type { Suite } from "./suite.ts";
import { broadcast } from "./suites/broadcast.ts";
import { churn } from "./suites/churn.ts";
import { cluster } from "./suites/cluster.ts";
import { codec } from "./suites/codec.ts";
import { engine } from "./suites/engine.ts";
import { latency } from "./suites/latency.ts";
import { memory } from "./suites/memory.ts";
import { pipe } from "./suites/pipe.ts";
import { slowConsumers } from "./suites/slow-consumers.ts";
import { timers } from "./suites/timers.ts";
import { upload } from "./suites/upload.ts";

/** All, in the order in which they are run: from one codec to many connections. */
export const suites: readonly Suite[] = [
  codec,
  engine,
  latency,
  broadcast,
  slowConsumers,
  churn,
  pipe,
  upload,
  memory,
  timers,
  cluster,
];
