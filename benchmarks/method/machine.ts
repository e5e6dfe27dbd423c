import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import type { Cores } from "./cores.ts";

/** Where and of what something was measured. */
export interface Machine {
  node: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  /** With `-dirty` when the work tree was not that of the commit. */
  commit: string;
}

export function thisMachine(): Machine {
  const { stdout } = spawnSync("git", ["describe", "--always", "--dirty"], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    commit: stdout?.trim() || "unknown",
  };
}

export function describeMachine({ node, cpu, cores, system, commit }: Machine): string {
  return `Node ${node}, ${cores} × ${cpu}, ${system}, ${commit}`;
}

export function describeCores(cores: Cores): string {
  return cores.shared === undefined
    ? `servers on core ${cores.server}, load on core ${cores.load}`
    : `servers and load share their cores: ${cores.shared}`;
}
