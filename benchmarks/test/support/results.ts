import type { Contestant, Result } from "../../result.ts";
import type { Results } from "../../results-file.ts";

const cpu = { server: 1, load: 0.5, idle: 0, disturbed: 0 };

/** A server that was always busy, on a core of its own. */
export function busy(name: string, ...rounds: number[]): Contestant {
  return { name, rounds, perCpu: rounds, cpu };
}

/** A server that worked for `share` of the time. */
export function halfIdle(name: string, share: number, ...rounds: number[]): Contestant {
  return {
    name,
    rounds,
    perCpu: rounds.map((round) => round / share),
    cpu: { ...cpu, server: share, idle: 1 - share },
  };
}

export function resultOf(contestants: Contestant[], more: Partial<Result> = {}): Result {
  return {
    suite: "engine",
    row: "frame 64 B × 1",
    metric: "",
    unit: "/s",
    better: "more",
    contestants,
    ...more,
  };
}

export function runOf(...results: Result[]): Results {
  return {
    version: 1,
    machine: { node: "v26.10.0", cpu: "a CPU", cores: 2, memoryGiB: 8, system: "linux 6", commit: "abc1234" },
    method: {
      cores: { server: 0, load: 1 },
      starts: 2,
      rounds: 10,
      duration: 300,
      warmUp: 100,
      compile: 1200,
      scale: 1,
    },
    began: "2026-01-02T03:04:05.000Z",
    ended: "2026-01-02T03:24:05.000Z",
    results,
    absent: [],
    failed: [],
  };
}

/** `count` times the same. */
export function times(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}
