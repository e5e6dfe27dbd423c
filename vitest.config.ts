import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// @sock packages resolve to their sources, so nothing is built before it is tested.
const conditions = ["@sock/source", "node", "import", "module", "default"];
const folders = ["packages/*/test", "docs/test", "benchmarks/test"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: folders.map((folder) => `${folder}/**/*.test.ts`),
    typecheck: {
      enabled: true,
      include: folders.map((folder) => `${folder}/**/*.test-d.ts`),
      tsconfig: "tsconfig.json",
      // `typecheck` reports those: here a type error elsewhere would fail every run.
      ignoreSourceErrors: true,
    },
    // A process for each file: sockets, timers and garbage of one do not reach the next.
    pool: "forks",
    // Most of a test is waiting, for other processes and for sockets: more of them than there are cores.
    maxWorkers: Math.max(3, availableParallelism()),
    execArgv: ["--conditions=@sock/source"],
    // For a busy machine with two cores: a test that needs this long is stuck, not slow.
    testTimeout: 40_000,
    hookTimeout: 40_000,
  },
});
