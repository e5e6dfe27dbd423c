// The command: see HELP.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { check } from "./commands/check.ts";
import { type Chosen, choose } from "./commands/choose.ts";
import { compare } from "./commands/compare.ts";
import { measure } from "./commands/measure.ts";
import { type Options, parseOptions } from "./commands/options.ts";
import { report } from "./commands/report.ts";
import { runTrials } from "./commands/trials.ts";
import { typedPath } from "./commands/typed-path.ts";
import { thisMachine } from "./method/machine.ts";
import { begin, type Method, readResults, resume, writeResults } from "./results-file.ts";
import { suites } from "./suites.ts";

const HELP = `bench [suite…] [option…]        measures
bench codec <module> [option…]  measures a codec of yours: benchmarks/README.md says what the module exports
bench full [option…]            measures everything into benchmarks/results/full.json, goes on where it was broken off,
                                and draws the report
bench check [suite…] [option…]  whether the floors are held that issues have named
bench trials [word…]            floods, slow peers, crowds: what must hold, whatever the speed
bench compare <a.json> <b.json> what changed beyond noise
bench report <file.json>        draws the charts, and the tables of README and docs
bench list                      all suites and rows

--quick           a look, in under two minutes
--only <word>     rows with this word; several: with all of them
--rounds <n>      of each server
--json <file>     keeps every round, written behind each row
--peer <name>=<path>  bun=<bun>, uws=<folder of the module>, workerman=<vendor folder>
--profile <folder>    a CPU profile of each server`;

const FULL = join(import.meta.dirname, "results/full.json");

// Servers and loads end with this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));

const [command = "", ...rest] = process.argv.slice(2);
try {
  if (command === "--help" || command === "help") console.log(HELP);
  else if (command === "list") list();
  else if (command === "trials") setExit(runTrials(rest));
  else if (command === "compare") compareFiles(rest);
  else if (command === "report") await report(typedPath(theOnly(rest, "report <file.json>")));
  else if (command === "check") setExit(await checkAll(parseOptions(rest)));
  else if (command === "full") await full(parseOptions(rest));
  else await some(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  console.error(`${error.message}\n\`bench help\` says more`);
  process.exitCode = 2;
}

async function some(options: Options): Promise<void> {
  const { run, json } = options;
  const results = begin(thisMachine(), methodOf(options));
  const save = () => {
    if (json !== undefined) writeResults(json, results);
  };
  await measure(choose(options), results, run, save);
  results.ended = new Date().toISOString();
  save();
  setExit(results.failed.length === 0);
}

async function full(options: Options): Promise<void> {
  const { run, json = FULL } = options;
  const partial = json.replace(/(\.json)?$/, ".partial.json");
  const results = resume(partial, thisMachine(), methodOf(options));
  await measure(choose(options), results, run, () => writeResults(partial, results));
  if (results.failed.length > 0) {
    console.log(`${results.failed.length} rows failed: the same command tries those again`);
    process.exitCode = 1;
    return;
  }
  results.ended = new Date().toISOString();
  writeResults(json, results);
  rmSync(partial, { force: true });
  await report(json);
}

async function checkAll(options: Options): Promise<boolean> {
  const withLimits = ({ row }: Chosen) => row.hasLimit === true;
  return await check(choose({ ...options, quick: false }).filter(withLimits), options.run);
}

function compareFiles(files: readonly string[]): void {
  const [before, after, ...more] = files;
  if (before === undefined || after === undefined || more.length > 0)
    throw new TypeError("compare <a.json> <b.json>");
  compare(readResults(typedPath(before)), readResults(typedPath(after)));
}

function list(): void {
  for (const { name, about, rows } of suites) {
    console.log(`${name}: ${about}`);
    for (const row of rows) {
      const marks = [...(row.isQuick ? ["quick"] : []), ...(row.hasLimit ? ["has a limit"] : [])];
      console.log(`    ${row.name}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}`);
    }
  }
}

function methodOf({ run }: Options): Method {
  const { cores, starts, rounds, duration, warmUp, compile, scale } = run;
  return { cores, starts, rounds, duration, warmUp, compile, scale };
}

function theOnly(args: readonly string[], usage: string): string {
  const [only] = args;
  if (only === undefined || args.length > 1) throw new TypeError(usage);
  return only;
}

function setExit(isGood: boolean): void {
  if (!isGood) process.exitCode = 1;
}
