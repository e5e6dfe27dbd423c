import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, verdictOn } from "../method/judge.ts";
import { noisyRatios, randomFrom } from "./support/noise.ts";
import { busy, halfIdle, resultOf, times } from "./support/results.ts";

const atLeast = (atLeast: number) => ({ atLeast, issue: 1 });
const atMost = (atMost: number) => ({ atMost, issue: 1 });

describe("a floor", () => {
  test("is held at n", () => {
    expect(verdictOn(times(10, 0.9), atLeast(0.9))).toBe("held");
  });

  test("is not missed within the luck of two processes, nor told from it", () => {
    expect(verdictOn(times(10, 0.88), atLeast(0.9))).toBe("unsure");
  });

  test("is missed when all of ten rounds are below that", () => {
    expect(verdictOn(times(10, 0.87), atLeast(0.9))).toBe("missed");
    expect(verdictOn([...times(9, 0.87), 0.9], atLeast(0.9))).toBe("unsure");
  });

  test("is never missed in fewer than ten rounds", () => {
    expect(verdictOn(times(9, 0.1), atLeast(0.9))).toBe("unsure");
  });
});

test("a ceiling is a floor turned over", () => {
  expect(verdictOn(times(10, 1.5), atMost(1.5))).toBe("held");
  expect(verdictOn(times(10, 1.54), atMost(1.5))).toBe("unsure");
  expect(verdictOn(times(10, 1.6), atMost(1.5))).toBe("missed");
});

describe("what noise does to it", () => {
  const seeds = fc.integer();
  const sigmas = fc.double({ min: 0.001, max: 0.1, noNaN: true });
  const shareOf = (verdict: string, center: number, rounds: number) => {
    let count = 0;
    const trials = 400;
    const random = randomFrom(7);
    for (let i = 0; i < trials; i++) {
      if (verdictOn(noisyRatios(random, rounds, center, 0.08), atLeast(1)) === verdict) count++;
    }
    return count / trials;
  };

  test("a server as good as its floor is hardly ever said to miss it", () => {
    expect(shareOf("missed", 1, 10)).toBeLessThan(0.01);
    expect(shareOf("missed", 1, 40)).toBeLessThan(0.01);
  });

  test("a loss of 20 % is never called held by as many rounds as `check` makes", () => {
    fc.assert(
      fc.property(seeds, sigmas, (seed, sigma) => {
        expect(verdictOn(noisyRatios(randomFrom(seed), 40, 0.8, sigma), atLeast(1))).toBe("missed");
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("which ratio is judged", () => {
  const limits = { net: atLeast(0.9) };

  test("the plain one where servers were busy", () => {
    const [verdict] = judge(
      resultOf([busy("sock", ...times(10, 95)), busy("net", ...times(10, 100))], { limits }),
    );
    expect(verdict).toMatchObject({ other: "net", median: 0.95, is: "held", isByCpu: false });
  });

  test("by CPU time where one was not: half the messages for half the time are as good", () => {
    const [verdict] = judge(
      resultOf([halfIdle("sock", 0.5, ...times(10, 50)), busy("net", ...times(10, 100))], { limits }),
    );
    expect(verdict).toMatchObject({ median: 1, is: "held", isByCpu: true });
  });

  test("none where the other did not come", () => {
    expect(judge(resultOf([busy("sock", 1)], { limits }))).toEqual([]);
  });
});
