import { join } from "node:path";
import { Child } from "../method/child.ts";
import { inTurns } from "../method/turns.ts";
import type { Result } from "../result.ts";
import type { Run, Suite } from "../suite.ts";
import type { Cost } from "../timers/deadlines.ts";

// No multiple of the step by which they are visited.
const COUNT = 100_000;
const row = "100,000 idle deadlines";

export const timers: Suite = {
  name: "timers",
  about: "nanoseconds to arm, to arm again and to disarm a deadline, beside setTimeout",
  rows: [{ name: row, isQuick: true, measure }],
};

async function measure(run: Run): Promise<Result[]> {
  const file = join(import.meta.dirname, "../timers/deadlines.ts");
  const costs = new Map<string, Cost[]>();
  for (let start = 0; start < run.starts; start++) {
    await using child = new Child({ file }, { core: run.cores.server, flags: ["--expose-gc"] });
    const names = await child.ask<string[]>("names");
    // V8 compiles meanwhile.
    for (const name of names) await child.ask("round", name, COUNT);
    await inTurns(names, Math.ceil(run.rounds / run.starts), async (name, round) => {
      run.progress(`${name}, round ${round + 1}`);
      costs.set(name, [...(costs.get(name) ?? []), await child.ask<Cost>("round", name, COUNT)]);
    });
  }
  const resultOf = (metric: keyof Cost): Result => ({
    suite: timers.name,
    row,
    metric: metric === "bytes" ? "memory" : metric,
    unit: metric === "bytes" ? "B" : "ns",
    better: "less",
    contestants: [...costs].map(([name, rounds]) => ({ name, rounds: rounds.map((cost) => cost[metric]) })),
  });
  return [resultOf("arm"), resultOf("again"), resultOf("disarm"), resultOf("bytes")];
}
