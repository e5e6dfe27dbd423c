import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of memory in use, once all garbage is gone. */
export function heapInUse(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

let gc: (() => void) | undefined = globalThis.gc;

function collect(): void {
  if (gc === undefined) {
    // The flag makes `gc` a global of the contexts made from now on, whatever flags this process was started with.
    setFlagsFromString("--expose-gc");
    gc = runInNewContext("gc") as () => void;
  }
  // Memory behind buffers is let go of after the buffers are.
  gc();
  gc();
}
