import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process takes, in bytes. */
export interface Memory {
  /** In the machine's memory. */
  resident: number;
  /** The most that was ever resident. */
  peak: number;
  /** JavaScript's. */
  heap: number;
  /** Buffers, and what C++ says that JavaScript's objects hold. */
  external: number;
}

setFlagsFromString("--expose-gc");
const collect: NodeJS.GCFunction = runInNewContext("gc");

/** What this process takes when all garbage is gone. */
export async function memory(): Promise<Memory> {
  // What a first collection finds dead may have held what only the next can free.
  for (let i = 0; i < 3; i++) {
    // The last resort also gives back room that was made for young objects: 10 to 20 MiB that would blur the rest.
    await collect({ type: "major", flavor: "last-resort", execution: "async" });
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, peak: process.resourceUsage().maxRSS * 1024, heap: heapUsed, external };
}
