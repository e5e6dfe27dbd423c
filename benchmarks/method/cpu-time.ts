import { readdirSync, readFileSync } from "node:fs";

/** How a process has spent its time. */
export interface CpuTime {
  /** On a core, all threads together. */
  used: number;
  /** The main thread was on a core. */
  ran: number;
  /** The main thread had work, but others were on the core. */
  waited: number;
}

/** Milliseconds since the process began. Undefined where the system does not tell: it takes Linux's `/proc`. */
export function cpuTime(pid: number): CpuTime | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => schedstat(`${pid}/task/${thread}`));
    const main = schedstat(`${pid}`);
    // All 0: a kernel that does not keep count.
    if (main.ran === 0) return undefined;
    return { used: threads.reduce((sum, { ran }) => sum + ran, 0), ...main };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** What of `elapsed` ms was spent how. */
export function cpuShare(
  before: CpuTime | undefined,
  after: CpuTime | undefined,
  elapsed: number,
): CpuTime | undefined {
  if (before === undefined || after === undefined) return undefined;
  return {
    used: (after.used - before.used) / elapsed,
    ran: (after.ran - before.ran) / elapsed,
    waited: (after.waited - before.waited) / elapsed,
  };
}

/** In nanoseconds, unlike `stat`, whose steps of 10 ms are too coarse for a short round. */
function schedstat(task: string): Pick<CpuTime, "ran" | "waited"> {
  const [ran, waited] = readFileSync(`/proc/${task}/schedstat`, "utf8").split(" ");
  return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
}
