import { readFileSync, readlinkSync } from "node:fs";

/** The path that an inherited unix socket listens at, which Node does not tell. Undefined: no Linux, or it has no path. */
export function unixPathOf(fd: number): string | undefined {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
    const line = readFileSync("/proc/net/unix", "latin1")
      .split("\n")
      .find((line) => line.split(/\s+/)[6] === inode);
    const [path] = /\/.*$/.exec(line ?? "") ?? [];
    return path;
  } catch {
    // No Linux.
    return undefined;
  }
}
