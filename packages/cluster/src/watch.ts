import { type Dirent, type FSWatcher, readdirSync, watch } from "node:fs";
import { join, parse } from "node:path";
import { type EventLoop, eventLoop } from "@sock/core";
import type { Alarm } from "@sock/timer";

export interface WatchOptions {
  /** Milliseconds of quiet after a change: an editor writes a file in several steps, and `git checkout` many files. Default 100. */
  quiet?: number;
  /** Folders beyond are not watched: each takes one of the system's watches. Default 2,000. */
  maxFolders?: number;
  /** A folder cannot be watched, or there are too many. */
  warn?: (sentence: string) => void;
  loop?: EventLoop;
}

/** What Node loads. */
const SOURCES = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", ".wasm", ".node"]);

/**
 * Calls `changed` with the path of a source file that has changed in `folder` or below, once for all that change together.
 * `node_modules` and what begins with a dot are left out.
 *
 * Each folder is watched by itself: Node's own recursion watches every file on Linux, those of `node_modules` among them.
 */
export class SourceWatcher {
  readonly #changed: (path: string) => void;
  readonly #quiet: number;
  readonly #maxFolders: number;
  readonly #warn: (sentence: string) => void;
  readonly #loop: EventLoop;
  readonly #folders = new Map<string, FSWatcher>();
  #alarm: Alarm | undefined;
  #isClosed = false;
  #isFull = false;

  constructor(folder: string, changed: (path: string) => void, options: WatchOptions = {}) {
    this.#changed = changed;
    this.#quiet = options.quiet ?? 100;
    this.#maxFolders = options.maxFolders ?? 2_000;
    this.#warn = options.warn ?? (() => {});
    this.#loop = options.loop ?? eventLoop;
    this.#add(folder);
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm?.cancel();
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  /** True: it was new. */
  #add(folder: string): boolean {
    if (this.#folders.has(folder) || this.#isFull) return false;
    if (this.#folders.size >= this.#maxFolders) {
      this.#isFull = true;
      this.#warn(`more than ${this.#maxFolders} folders: the rest is not watched`);
      return false;
    }
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#noticed(folder, name));
      watcher.on("error", () => this.#remove(folder));
      this.#folders.set(folder, watcher);
    } catch (error) {
      this.#warn(`${folder} is not watched: ${(error as Error).message}`);
      return false;
    }
    // After it is watched: a folder that is made meanwhile is found by the one or the other.
    for (const entry of foldersIn(folder)) this.#add(join(folder, entry.name));
    return true;
  }

  #remove(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
  }

  #noticed(folder: string, name: string | null): void {
    if (this.#isClosed || name === null || isLeftOut(name)) return;
    const path = join(folder, name);
    if (SOURCES.has(parse(name).ext)) this.#changes(path);
    else if (foldersIn(folder).some((entry) => entry.name === name)) this.#appeared(path);
    else this.#remove(path);
  }

  /** It may have come with files in it, before anybody watched: moved, or unpacked. */
  #appeared(folder: string): void {
    if (this.#add(folder)) this.#changes(folder);
  }

  #changes(path: string): void {
    this.#alarm?.cancel();
    this.#alarm = this.#loop.after(this.#quiet, () => this.#changed(path));
    this.#alarm.unref();
  }
}

function foldersIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !isLeftOut(entry.name),
    );
  } catch (error) {
    // It is gone again, or not ours to look into.
    if (isIgnorable(error)) return [];
    throw error;
  }
}

function isIgnorable(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function isLeftOut(name: string): boolean {
  return name.startsWith(".") || name === "node_modules";
}
