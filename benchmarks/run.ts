// `bench [word…]` runs the benchmarks whose path contains one of the words, or all, one after the other.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const here = import.meta.dirname;
const words = process.argv.slice(2);
const files = globSync("*/*.ts", { cwd: here, exclude: ["test/**", "peers/**", "node_modules/**"] })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

if (files.length === 0) console.error(`no benchmark ${words.join(" or ")}`);
for (const file of files) {
  console.log(`\n${file}`);
  // A process for each: what one left in the heap and in V8's feedback does not reach the next.
  const { status } = spawnSync(process.execPath, [...process.execArgv, "--expose-gc", file], {
    cwd: here,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
