import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../trials");

/** Runs the trials whose name has one of the words, or all. @returns whether all were passed */
export function runTrials(words: readonly string[]): boolean {
  const files = globSync("*.ts", { cwd: folder })
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  if (files.length === 0) throw new TypeError(`no trial ${words.join(" or ")}`);
  let isPassed = true;
  for (const file of files) {
    console.log(`\n${file}`);
    // A process for each: what one left in the heap and in V8's feedback does not reach the next.
    const { status } = spawnSync(
      process.execPath,
      ["--conditions=@sock/source", "--expose-gc", join(folder, file)],
      { stdio: "inherit" },
    );
    isPassed &&= status === 0;
  }
  return isPassed;
}
