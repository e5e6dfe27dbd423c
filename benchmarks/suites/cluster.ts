import { availableParallelism } from "node:os";
import { throughput } from "../load/measure.ts";
import type { Result } from "../result.ts";
import { program } from "../servers.ts";
import { NotAvailable, type Run, type Suite } from "../suite.ts";

/** One load feeds them all, so each message has to cost a server much more than it costs the load. */
const row = "frame 64 B × 4, 16 KiB hashed for each";
const COUNTS = [1, 2, 4, 8];

export const cluster: Suite = {
  name: "cluster",
  about: "messages a second by the number of processes, beside one",
  rows: [
    {
      name: row,
      async measure(run) {
        // One for the load.
        const cores = availableParallelism() - 1;
        const counts = COUNTS.filter((count) => count <= cores);
        if (counts.length < 2)
          throw new NotAvailable(`it takes three cores, one of them for the load: here are ${cores + 1}`);
        const [, ...many] = counts;
        const results: Result[] = [];
        for (const count of many) results.push(await measureScaling(count, run));
        return results;
      },
    },
  ],
};

/** So many processes beside one. They go where the system puts them. */
export async function measureScaling(count: number, run: Run): Promise<Result> {
  const nameOf = (count: number) => `${count} process${count === 1 ? "" : "es"}`;
  const servers = [count, 1].map((count) => ({
    name: nameOf(count),
    ...program("ours/cluster.ts", `${count}`),
  }));
  const work = { protocol: "frame", payload: 64, connections: 64, inFlight: 4 } as const;
  const { rounds } = await throughput(row, servers, work, { ...run, cores: { shared: "they need many" } });
  return {
    suite: cluster.name,
    row,
    metric: nameOf(count),
    unit: "/s",
    better: "more",
    // What CPU time is known is the master's, who does nothing.
    contestants: [...rounds].map(([name, rounds]) => ({
      name,
      rounds: rounds.map(({ perSecond }) => perSecond),
    })),
  };
}
