// Our servers beside those that one would use instead: each in a process of its own, loaded in turn by a third.
//
//   npx -y pnpm@12 bench pair [--only <word>]… [--rounds <n>] [--json <file>] [--profile <folder>]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { chooseCores } from "./pair/cores.ts";
import { measure } from "./pair/measure.ts";
import { NotAvailable } from "./pair/processes.ts";
import { describeComparison } from "./pair/report.ts";
import { nameOf, rows } from "./pair/rows.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "10" },
    json: { type: "string" },
    profile: { type: "string" },
  },
});
const chosen = rows.filter((row) => options.only.every((word) => nameOf(row).includes(word)));
const rounds = Number(options.rounds);
if (!(rounds >= 1) || chosen.length === 0) {
  console.error(`rounds: 1 or more; rows:\n${rows.map(nameOf).join("\n")}`);
  process.exit(2);
}
// The servers and the load end with this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));

const cores = chooseCores();
const settings = { cores, starts: 2, rounds, duration: 400, warmUp: 100, profiles: options.profile };
const { stdout: commit } = spawnSync("git", ["describe", "--always", "--dirty"], {
  cwd: import.meta.dirname,
  encoding: "utf8",
});
const machine = {
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  commit: commit?.trim(),
};

console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}, ${machine.commit}`);
console.log(
  cores.shared === undefined
    ? `servers on core ${cores.server}, load on core ${cores.load}`
    : `servers and load share their cores: ${cores.shared}`,
);

const results = [];
for (const row of chosen) {
  const name = nameOf(row);
  try {
    const comparison = await measure(row, settings);
    results.push({ name, floor: row.floor, ...comparison });
    console.log(name.padEnd(34), describeComparison(comparison, row.floor));
  } catch (error) {
    const isMissing = error instanceof NotAvailable;
    console.log(name.padEnd(34), isMissing ? "not available:" : "FAILED:", (error as Error).message);
    if (!isMissing) process.exitCode = 1;
  }
}
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ machine, settings, results }, null, 2)}\n`);
}
