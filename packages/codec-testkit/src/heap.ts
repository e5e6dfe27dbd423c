import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of memory in use, once all garbage is gone. */
export function heapInUse(): number {
  let inUse = Number.POSITIVE_INFINITY;
  // Memory behind buffers is let go of after the buffers are, so once is not enough.
  for (;;) {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const isSettled = heapUsed + arrayBuffers > inUse - NOISE;
    inUse = heapUsed + arrayBuffers;
    if (isSettled) return inUse;
  }
}

const NOISE = 16 * 1024;

let gc: (() => void) | undefined = globalThis.gc;

function collect(): void {
  if (gc === undefined) {
    // The flag makes `gc` a global of the contexts made from now on, whatever flags this process was started with.
    setFlagsFromString("--expose-gc");
    gc = runInNewContext("gc") as () => void;
  }
  gc();
}
