import { describeLimit, judge, type Verdict } from "../method/judge.ts";
import { spread } from "../method/statistics.ts";
import { describeSpread } from "../report/line.ts";
import { type Contestant, type Result, ratiosTo } from "../result.ts";
import { NotAvailable, type Run } from "../suite.ts";
import type { Chosen } from "./choose.ts";
import { Progress } from "./progress.ts";

/** How often a row is measured before what is still unsure is put down to noise. */
const MOST = 4;

/**
 * Measures the rows that have limits, the unsure ones again and again, and says which are kept.
 * @returns whether none is missed and no row failed
 */
export async function check(chosen: readonly Chosen[], run: Run): Promise<boolean> {
  const progress = new Progress(chosen.length);
  let isGood = true;
  for (const { suite, row } of chosen) {
    const name = `${suite}: ${row.name}`;
    progress.begin(name);
    try {
      const results = await measureUntilSure(row.measure.bind(row), {
        ...run,
        progress: (what) => progress.tell(what),
      });
      progress.end();
      for (const result of results) isGood = say(name, result, progress.counter) && isGood;
    } catch (error) {
      progress.end();
      const isMissing = error instanceof NotAvailable;
      if (!isMissing) isGood = false;
      console.log(
        `${progress.counter}${isMissing ? "absent" : "FAILED"}  ${name}: ${(error as Error).message}`,
      );
    }
  }
  return isGood;
}

/** Of results of the same row, what is unsure is measured again, and judged by all of its rounds. */
export async function measureUntilSure(
  measure: (run: Run) => Promise<Result[]>,
  run: Run,
): Promise<Result[]> {
  let results = await measure(run);
  for (let times = 1; times < MOST && results.some(isUnsure); times++) {
    const more = await measure(run);
    results = results.map((result, i) => joined(result, more[i]!));
  }
  return results;
}

function isUnsure(result: Result): boolean {
  return judge(result).some(({ is }) => is === "unsure");
}

/** Rounds of the same row, behind each other. Who came but once is left out. */
function joined(result: Result, more: Result): Result {
  return {
    ...result,
    contestants: result.contestants.flatMap((contestant) => {
      const again = more.contestants.find(({ name }) => name === contestant.name);
      return again === undefined ? [] : [joinedContestant(contestant, again)];
    }),
  };
}

function joinedContestant(contestant: Contestant, again: Contestant): Contestant {
  const { name, rounds, perCpu, cpu } = contestant;
  const all = { name, rounds: [...rounds, ...again.rounds] };
  if (perCpu === undefined || again.perCpu === undefined || cpu === undefined || again.cpu === undefined)
    return all;
  const mean = (what: keyof typeof cpu) => (cpu[what] + again.cpu![what]) / 2;
  return {
    ...all,
    perCpu: [...perCpu, ...again.perCpu],
    cpu: { server: mean("server"), load: mean("load"), idle: mean("idle"), disturbed: mean("disturbed") },
  };
}

const WORDS: Record<Verdict["is"], string> = {
  held: "held  ",
  missed: "MISSED",
  // Held, for all that could be told.
  unsure: "noise ",
};

function say(name: string, result: Result, counter: string): boolean {
  const verdicts = judge(result);
  for (const { other, limit, is, isByCpu } of verdicts) {
    const { values } = ratiosTo(result.contestants.find(({ name }) => name === other)!, result);
    const of = `${describeSpread(spread(values))} of ${other}${isByCpu ? " by CPU time" : ""}`;
    console.log(
      `${counter}${WORDS[is]}  ${name}: ${of}, ${describeLimit(limit)} (issue ${limit.issue}, ${values.length} rounds)`,
    );
  }
  for (const name of Object.keys(result.limits ?? {})) {
    const absent = result.absent?.find((absent) => absent.name === name);
    if (absent) console.log(`${counter}absent  ${result.row}: ${name}, ${absent.because}`);
  }
  return verdicts.every(({ is }) => is !== "missed");
}
