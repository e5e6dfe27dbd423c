import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Linux's letter for what a process does; undefined: there is none. `"Z"`: it has ended, and nobody has asked how. */
export function stateOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)![0];
  } catch {
    return undefined;
  }
}

/** Those that are still there after `within` ms. */
export async function untilGone(pids: readonly number[], within: number): Promise<number[]> {
  const end = performance.now() + within;
  for (;;) {
    const left = pids.filter((pid) => stateOf(pid) !== undefined);
    if (left.length === 0 || performance.now() > end) return left;
    await sleep(20);
  }
}
