import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Where servers run and where the load does. Undefined, with the reason: wherever the system puts them. */
export interface Cores {
  server?: number;
  load?: number;
  shared?: string;
}

/** Two of the cores that this process may use. */
export function chooseCores(): Cores {
  if (process.platform !== "linux") return { shared: `${process.platform} has no taskset` };
  if (spawnSync("taskset", ["--version"]).status !== 0) return { shared: "taskset is not installed" };
  const status = readFileSync("/proc/self/status", "utf8");
  const [server, load] = parseCores(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "");
  if (server === undefined || load === undefined) return { shared: "there is only one core" };
  return { server, load };
}

/** Reads the kernel's `0-2,5`. */
export function parseCores(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
