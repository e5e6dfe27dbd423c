// `bench [word…] [option…]` runs the benchmarks whose path contains one of the words, or all, one after the other.
// From the first `--option` on, all is for the benchmarks.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const args = process.argv.slice(2);
const optionAt = args.findIndex((arg) => arg.startsWith("--"));
const words = optionAt === -1 ? args : args.slice(0, optionAt);
const options = args.slice(words.length);
const exclude = ["run.ts", "pair/**", "peers/**", "test/**", "node_modules/**"];
const files = globSync(["*.ts", "*/*.ts"], { cwd: here, exclude })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

if (files.length === 0) console.error(`no benchmark ${words.join(" or ")}`);
for (const file of files) {
  console.log(`\n${file}`);
  const command = [...process.execArgv, "--expose-gc", join(here, file), ...options];
  // A process for each: what one left in the heap and in V8's feedback does not reach the next.
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
