import type { Memory } from "./memory.ts";

/** By how much `work` makes a server grow, shared out among `count`. */
export async function growthOf(
  server: { memory(): Promise<Memory> },
  count: number,
  work: () => Promise<unknown>,
): Promise<Memory> {
  const before = await server.memory();
  await work();
  const after = await server.memory();
  const each = (what: keyof Memory) => (after[what] - before[what]) / count;
  return { resident: each("resident"), peak: each("peak"), heap: each("heap"), external: each("external") };
}
