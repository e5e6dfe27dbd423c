import { LUCK, RISK } from "../method/judge.ts";
import { describeMachine } from "../method/machine.ts";
import { type Bounds, median, medianBounds } from "../method/statistics.ts";
import { idOf, othersIn, oursIn, type Result, ratiosTo } from "../result.ts";
import type { Results } from "../results-file.ts";

/** What two runs say of the same thing. */
export interface Change {
  /** `engine: frame 64 B × 1 / net`, or without the `/` what has nobody beside it. */
  name: string;
  before: number;
  after: number;
  /** By how much, as a part: 0.1 is 10 % more. */
  by: number;
  is: "better" | "worse" | "same" | "too few rounds";
}

/**
 * What is in both runs. Where ours stood beside another the ratios are compared, which cancels the machine; else the numbers
 * themselves, and those only when both ran on one kind of machine.
 */
export function changesBetween(before: Results, after: Results): Change[] {
  const isOneMachine = before.machine.cpu === after.machine.cpu && before.machine.node === after.machine.node;
  const old = new Map(before.results.map((result) => [idOf(result), result]));
  return after.results.flatMap((result) => {
    const previous = old.get(idOf(result));
    return previous === undefined ? [] : changesOf(previous, result, isOneMachine);
  });
}

function changesOf(before: Result, after: Result, isOneMachine: boolean): Change[] {
  const name = idOf(after);
  const changeOf = (name: string, old: readonly number[], values: readonly number[]): Change => {
    const is = changed(old, values);
    const isGood = is === "more" ? after.better === "more" : after.better === "less";
    const by = median(values) / median(old) - 1;
    return {
      name,
      before: median(old),
      after: median(values),
      by,
      is: is === "same" || is === "too few rounds" ? is : isGood ? "better" : "worse",
    };
  };
  if (othersIn(after).length === 0) {
    return isOneMachine ? [changeOf(name, oursIn(before).rounds, oursIn(after).rounds)] : [];
  }
  return othersIn(after).flatMap((other) => {
    const previous = othersIn(before).find(({ name }) => name === other.name);
    if (previous === undefined) return [];
    const old = ratiosTo(previous, before).values;
    return [changeOf(`${name} / ${other.name}`, old, ratiosTo(other, after).values)];
  });
}

/** Whether the median has moved further than noise and the luck of two processes can move it. */
export function changed(
  before: readonly number[],
  after: readonly number[],
): "more" | "less" | "same" | "too few rounds" {
  const old = medianBounds(before, RISK);
  const now = medianBounds(after, RISK);
  if (!isBounded(old) || !isBounded(now)) return "too few rounds";
  if (now.low > old.high * (1 + LUCK)) return "more";
  if (now.high * (1 + LUCK) < old.low) return "less";
  return "same";
}

function isBounded({ low, high }: Bounds): boolean {
  return Number.isFinite(low) && Number.isFinite(high);
}

/** Says it. */
export function compare(before: Results, after: Results): void {
  console.log(`before: ${describeMachine(before.machine)}, ${before.began}`);
  console.log(`after:  ${describeMachine(after.machine)}, ${after.began}\n`);
  const changes = changesBetween(before, after);
  const count = (is: Change["is"]) => changes.filter((change) => change.is === is).length;
  const told = changes.filter(({ is }) => is === "better" || is === "worse");
  for (const { name, before, after, by, is } of told.toSorted((a, b) => Math.abs(b.by) - Math.abs(a.by))) {
    const percent = `${by > 0 ? "+" : ""}${(by * 100).toFixed(0)} %`;
    console.log(`${is.padEnd(6)} ${percent.padStart(7)}  ${name}: ${digits(before)}, now ${digits(after)}`);
  }
  const few = count("too few rounds");
  console.log(
    `${count("better")} better, ${count("worse")} worse, ${count("same")} that noise may be all there is` +
      `${few > 0 ? `, ${few} with too few rounds to tell (it takes 10)` : ""}`,
  );
  const missing = difference(before, after);
  if (missing.length > 0) console.log(`only before: ${missing.join("; ")}`);
  const added = difference(after, before);
  if (added.length > 0) console.log(`only after: ${added.join("; ")}`);
}

/** Rows, not each of their numbers. */
function difference(one: Results, other: Results): string[] {
  const rows = ({ results }: Results) => new Set(results.map(({ suite, row }) => `${suite}: ${row}`));
  return [...rows(one).difference(rows(other))];
}

function digits(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
