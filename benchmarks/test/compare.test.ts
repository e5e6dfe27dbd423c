import { describe, expect, test } from "vitest";
import { changed, changesBetween } from "../commands/compare.ts";
import type { Contestant } from "../result.ts";
import { noisyRatios, randomFrom } from "./support/noise.ts";
import { busy, resultOf, runOf, times } from "./support/results.ts";

describe("two samples", () => {
  test("that are the same have not changed", () => {
    expect(changed(times(10, 5), times(10, 5))).toBe("same");
  });

  test("have not changed by what luck can do", () => {
    expect(changed(times(10, 100), times(10, 103))).toBe("same");
    expect(changed(times(10, 100), times(10, 104))).toBe("more");
    expect(changed(times(10, 104), times(10, 100))).toBe("less");
  });

  test("that overlap have not changed", () => {
    expect(changed([...times(9, 100), 120], times(10, 115))).toBe("same");
  });

  test("of few rounds tell nothing", () => {
    expect(changed(times(9, 1), times(9, 100))).toBe("too few rounds");
  });

  test("of one server hardly ever change", () => {
    const random = randomFrom(3);
    const runs = Array.from({ length: 300 }, () =>
      changed(noisyRatios(random, 10, 1, 0.08), noisyRatios(random, 10, 1, 0.08)),
    );
    expect(runs.filter((change) => change !== "same").length).toBeLessThan(3);
  });
});

describe("two runs", () => {
  const rate = (...contestants: Contestant[]) => runOf(resultOf(contestants));

  test("are compared by ratios, so that a slower machine is no loss", () => {
    const [change] = changesBetween(
      rate(busy("sock", ...times(10, 90)), busy("net", ...times(10, 100))),
      rate(busy("sock", ...times(10, 45)), busy("net", ...times(10, 50))),
    );
    expect(change).toMatchObject({ name: "engine: frame 64 B × 1 / net", by: 0, is: "same" });
  });

  test("say what is better by what the number means", () => {
    const before = resultOf([busy("sock", ...times(10, 2)), busy("net", ...times(10, 1))]);
    const after = resultOf([busy("sock", ...times(10, 3)), busy("net", ...times(10, 1))]);
    expect(changesBetween(runOf(before), runOf(after))[0]).toMatchObject({ by: 0.5, is: "better" });
    const less = { better: "less" as const };
    expect(changesBetween(runOf({ ...before, ...less }), runOf({ ...after, ...less }))[0]).toMatchObject({
      is: "worse",
    });
  });

  test("of different machines do not compare what stands alone", () => {
    const one = rate({ name: "sock", rounds: times(10, 1) });
    const other = { ...one, machine: { ...one.machine, cpu: "another CPU" } };
    expect(changesBetween(one, one)).toHaveLength(1);
    expect(changesBetween(one, other)).toEqual([]);
  });

  test("leave out what only one of them has", () => {
    expect(changesBetween(runOf(), rate(busy("sock", 1)))).toEqual([]);
  });
});
