import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEventLoop } from "@sock/core";
import { ManualClock } from "@sock/timer/manual";
import { expect, onTestFinished, test } from "vitest";
import { SourceWatcher, type WatchOptions } from "../src/watch.ts";
import { freshFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

/** A watched folder whose clock stands still but when somebody waits: then it is always time. */
class Watched {
  readonly folder: string;
  readonly warnings: string[] = [];
  readonly changes: string[] = [];
  readonly #clock = new ManualClock();

  constructor(paths: readonly string[] = [], options: WatchOptions = {}) {
    this.folder = freshFolder();
    for (const path of paths) this.write(path);
    const watcher = new SourceWatcher(this.folder, (path) => this.changes.push(path), {
      warn: (sentence) => void this.warnings.push(sentence),
      loop: createEventLoop(this.#clock),
      ...options,
    });
    onTestFinished(() => watcher.close());
  }

  write(path: string): void {
    mkdirSync(join(this.folder, path, ".."), { recursive: true });
    writeFileSync(join(this.folder, path), `${Math.random()}`);
  }

  /** The change that comes next. Before a file's first, the system may tell of its being made. */
  async change(): Promise<string> {
    await until(() => {
      this.#clock.advance(100);
      return this.changes.length > 0;
    });
    return this.changes[0]!.slice(this.folder.length + 1);
  }
}

test("a source that changes is told of, deep within, too", async () => {
  for (const path of ["chat.ts", "rooms/deep/room.mjs", "data.json"]) {
    const watched = new Watched([path]);
    watched.write(path);
    expect(await watched.change()).toBe(path);
  }
});

test("what is no source is not, nor what node_modules and hidden folders hold", async () => {
  const others = ["chat.log", "chat.ts~", ".git/index.js", "node_modules/left/pad.js", ".chat.ts.swp"];
  const watched = new Watched([...others, "chat.ts"]);
  for (const other of others) watched.write(other);
  watched.write("chat.ts");
  expect(await watched.change()).toBe("chat.ts");
  expect(watched.changes).toHaveLength(1);
});

test("folders that are made later are watched; those that are moved in count as a change", async () => {
  const watched = new Watched();
  const elsewhere = freshFolder();
  mkdirSync(join(elsewhere, "rooms"));
  renameSync(join(elsewhere, "rooms"), join(watched.folder, "rooms"));
  expect(await watched.change()).toBe("rooms");
  watched.changes.length = 0;
  watched.write("rooms/room.ts");
  expect(await watched.change()).toBe("rooms/room.ts");
});

test("a folder that is removed and made again is watched again", async () => {
  const watched = new Watched(["rooms/room.ts"]);
  rmSync(join(watched.folder, "rooms"), { recursive: true });
  await watched.change();
  watched.changes.length = 0;
  mkdirSync(join(watched.folder, "rooms"));
  await watched.change();
  watched.changes.length = 0;
  watched.write("rooms/room.ts");
  expect(await watched.change()).toBe("rooms/room.ts");
});

test("too many folders are a warning, once", () => {
  const watched = new Watched(["a/a.ts", "b/b.ts", "c/c.ts", "d/d.ts"], { maxFolders: 3 });
  expect(watched.warnings).toEqual(["more than 3 folders: the rest is not watched"]);
});
