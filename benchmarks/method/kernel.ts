import { readFileSync } from "node:fs";

const PAGE = 4096;

/**
 * What the kernel takes for everything, in bytes: its objects, which are not swapped out, and what waits in TCP's buffers.
 * Undefined where the system does not tell: it takes Linux's `/proc`. Both ends of a connection on this machine count.
 */
export function kernelMemory(): number | undefined {
  const objects = numberIn("/proc/meminfo", /^SUnreclaim:\s+(\d+) kB$/m);
  const buffers = numberIn("/proc/net/sockstat", /^TCP:.* mem (\d+)$/m);
  return objects === undefined || buffers === undefined ? undefined : objects * 1024 + buffers * PAGE;
}

function numberIn(file: string, pattern: RegExp): number | undefined {
  try {
    const [, digits] = pattern.exec(readFileSync(file, "utf8")) ?? [];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    // Not on this system.
    return undefined;
  }
}
