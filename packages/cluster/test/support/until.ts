import { setTimeout as wait } from "node:timers/promises";

/** Resolves when it is so, of what no event tells. The test's own limit ends it else. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(10);
}
