import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** Left for files, upstreams and name servers: accepting takes no more when these are all that is left. */
const SPARE = 64;

let limit: number | undefined;

/**
 * Whether this connection has taken one of the last file descriptors of the process. Descriptors are given from the
 * lowest free one on, so its own number tells.
 *
 * Without this, libuv accepts at the limit and closes at once, and tells nobody; and where even that fails, because
 * the descriptor that it keeps for it was lost to another thread, it spins (Node 20 and 26, measured).
 */
export function isLastDescriptor(socket: Socket): boolean {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } };
  limit ??= readLimit();
  return handle?.fd !== undefined && handle.fd >= limit - Math.min(SPARE, limit >> 3);
}

/** Infinity where it cannot be known: no Linux, or no limit. */
function readLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    // No Linux.
    return Infinity;
  }
}
