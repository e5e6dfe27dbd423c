import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What is known of a process, by its number. */
export type ProcessFound =
  | { readonly is: "gone" }
  /** `start` tells it from any other that has had its number, or will; undefined: the system does not say. */
  | { readonly is: "alive"; readonly start: string | undefined };

/**
 * Whether there is a process of that number, and when it began: numbers are used again.
 *
 * Linux says so in `/proc`, in ticks since the boot, of which it has a name for each; macOS and BSD through `ps`, in seconds. On
 * Windows only the number is known.
 */
export function findProcess(pid: number): ProcessFound {
  if (!exists(pid)) return { is: "gone" };
  if (process.platform === "linux") return fromProc(pid) ?? { is: "alive", start: undefined };
  if (process.platform === "win32") return { is: "alive", start: undefined };
  return { is: "alive", start: startFromPs(pid) };
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Undefined: there is no `/proc`, or it is not for us to see. */
function fromProc(pid: number): ProcessFound | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc_pid_stat(5): the second field is the program's name, in parentheses, and may hold any; the state is the 3rd, the
    // start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended: only its parent has not looked.
    if (fields[0] === "Z" || fields[0] === "X") return { is: "gone" };
    return { is: "alive", start: `${fields[19]}@${bootId()}` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return { is: "gone" };
    if (code === "ENOENT" || code === "EACCES") return undefined;
    throw error;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

/** Of `ps`, whose words do not depend on the language then. Undefined: there is none. */
export function startFromPs(pid: number): string | undefined {
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return (
      execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
        encoding: "utf8",
        env,
        stdio: ["ignore", "pipe", "ignore"],
      }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
