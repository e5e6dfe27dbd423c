import { describeCores, describeMachine } from "../method/machine.ts";
import { describeRow } from "../report/line.ts";
import type { Results } from "../results-file.ts";
import { NotAvailable, type Run } from "../suite.ts";
import type { Chosen } from "./choose.ts";
import { Progress } from "./progress.ts";

/** Measures the rows that `results` has not got yet, and adds them. `save` is called behind each. */
export async function measure(
  chosen: readonly Chosen[],
  results: Results,
  run: Run,
  save: () => void,
): Promise<void> {
  console.log(describeMachine(results.machine));
  console.log(describeCores(run.cores));
  const known = new Set([
    ...results.results.map(({ suite, row }) => `${suite}: ${row}`),
    ...results.absent.map(({ name }) => name),
  ]);
  const left = chosen.filter(({ suite, row }) => !known.has(`${suite}: ${row.name}`));
  if (left.length < chosen.length) console.log(`${chosen.length - left.length} rows are there already`);

  const progress = new Progress(left.length);
  const missed = new Set<string>();
  for (const { suite, row } of left) {
    const name = `${suite}: ${row.name}`;
    progress.begin(name);
    const outcome = await row.measure({ ...run, progress: (what) => progress.tell(what) }).catch(asError);
    progress.end();
    if (!(outcome instanceof Error)) {
      results.results.push(...outcome);
      console.log(`${progress.counter}${describeRow(outcome)}`);
      for (const { name, because } of outcome.flatMap(({ absent = [] }) => absent)) {
        // Once is enough: it is absent from every row.
        if (!missed.has(name)) console.log(`    without ${name}: ${because}`);
        missed.add(name);
      }
    } else if (outcome instanceof NotAvailable) {
      results.absent.push({ name, because: outcome.message });
      console.log(`${progress.counter}${name}\n    not available: ${outcome.message}`);
    } else {
      results.failed.push({ name, because: outcome.message });
      console.log(`${progress.counter}${name}\n    FAILED: ${outcome.message}`);
    }
    save();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
