import { expect, test } from "vitest";
import { measureUntilSure } from "../commands/check.ts";
import { parseOptions } from "../commands/options.ts";
import { busy, resultOf, times } from "./support/results.ts";

const { run } = parseOptions([]);
const limits = { net: { atLeast: 1, issue: 1 } };

function rowWith(...ratios: number[][]) {
  let count = 0;
  return {
    measure: async () => {
      const ours = ratios[Math.min(count++, ratios.length - 1)]!;
      return [resultOf([busy("sock", ...ours), busy("net", ...times(ours.length, 1))], { limits })];
    },
    get count() {
      return count;
    },
  };
}

test("what is held is measured once", async () => {
  const row = rowWith(times(10, 1));
  await measureUntilSure(row.measure, run);
  expect(row.count).toBe(1);
});

test("what is missed for sure is measured once", async () => {
  const row = rowWith(times(10, 0.8));
  await measureUntilSure(row.measure, run);
  expect(row.count).toBe(1);
});

test("what is unsure is measured again, and judged by all of its rounds", async () => {
  const row = rowWith([...times(9, 0.9), 1.5], times(10, 0.9));
  const [result] = await measureUntilSure(row.measure, run);
  expect(row.count).toBe(2);
  expect(result?.contestants.map(({ rounds }) => rounds.length)).toEqual([20, 20]);
});

test("what stays unsure is measured four times", async () => {
  const row = rowWith(times(10, 0.99));
  await measureUntilSure(row.measure, run);
  expect(row.count).toBe(4);
});
