import { constants, copyFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { ClusterError } from "../errors.ts";
import { findProcess } from "./process-start.ts";

/** What a pid file says: one line each, the number first, so that `kill $(head -1 chat.pid)` and systemd's `PIDFile=` read it. */
export interface PidRecord {
  readonly pid: number;
  /** See `ProcessFound`; `""` when the system did not say. */
  readonly start: string;
  /** Where that process listens to commands. */
  readonly control: string;
}

/** How often another process may come in between. */
const TRIES = 10;

/** The file that says which process is the master. There is one at a time. */
export class PidFile {
  readonly path: string;
  readonly #content: string;

  private constructor(path: string, content: string) {
    this.path = path;
    this.#content = content;
  }

  /**
   * Makes the file, for this process. One whose process is gone, or is another with the same number by now, is replaced; of
   * several processes that try at once, one succeeds.
   * @throws ClusterError `ALREADY_RUNNING`, `NO_PERMISSION`
   */
  static claim(path: string, control: string): PidFile {
    const found = findProcess(process.pid);
    const start = found.is === "alive" ? (found.start ?? "") : "";
    const content = format({ pid: process.pid, start, control });
    // It is there with all it says, or not at all: who comes at the same moment cannot read half of it.
    const draft = `${path}.${process.pid}`;
    write(draft, content);
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        if (linked(draft, path)) return new PidFile(path, content);
        const other = readPidFile(path);
        if (other !== undefined && isRunning(other))
          throw new ClusterError("ALREADY_RUNNING", `already running (pid ${other.pid})`);
        removeStale(path, other);
      }
      throw new ClusterError("ALREADY_RUNNING", "already starting, in several processes at once");
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Removes the file, if it is still ours. False: it is not. */
  release(): boolean {
    const isOurs = contentOf(this.path) === this.#content;
    if (isOurs) rmSync(this.path, { force: true });
    return isOurs;
  }
}

/**
 * Undefined: there is none, or it says nothing that can be understood.
 * @throws ClusterError `NO_PERMISSION`
 */
export function readPidFile(path: string): PidRecord | undefined {
  const [pid = "", start = "", control = ""] = contentOf(path)?.split("\n") ?? [];
  // Number 0 and negative ones are groups of processes to `kill`.
  return /^[1-9]\d{0,9}$/.test(pid) ? { pid: Number(pid), start, control } : undefined;
}

/** Whether the process that it speaks of is still there, and not another with the same number. */
export function isRunning({ pid, start }: PidRecord): boolean {
  const found = findProcess(pid);
  if (found.is === "gone") return false;
  return start === "" || found.start === undefined || found.start === start;
}

function format({ pid, start, control }: PidRecord): string {
  return `${pid}\n${start}\n${control}\n`;
}

function write(path: string, content: string): void {
  try {
    rmSync(path, { force: true });
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    throw new ClusterError("NO_PERMISSION", `${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** False: there is one already. */
function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!NO_LINKS.has(code)) throw error;
  }
  return copied(draft, path);
}

/** What file systems say that have no hard links: FAT, and some that are mounted into containers. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** There, whoever comes at the same moment may read half of it, and take it for stale. */
function copied(draft: string, path: string): boolean {
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moved aside first: what another process has put there since it was read is put back. */
function removeStale(path: string, read: PidRecord | undefined): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = readPidFile(aside);
  if (moved !== undefined && moved.pid !== read?.pid && isRunning(moved)) linked(aside, path);
  rmSync(aside, { force: true });
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new ClusterError("NO_PERMISSION", `${path} cannot be read (${code})`, { cause });
  }
}
