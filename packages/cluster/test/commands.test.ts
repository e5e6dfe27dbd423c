import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AppStatus, ConnectionsReport } from "../src/index.ts";
import { findProcess } from "../src/process/process-start.ts";
import { ask, Caller } from "./support/ask.ts";
import { freshFolder, versionFile } from "./support/launch.ts";
import { run } from "./support/run.ts";

/** The commands of one program, as somebody types them one after the other. */
class Shell {
  readonly folder = freshFolder();
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#env = { ...env, TMPDIR: this.folder };
    // Whatever a failed test has left running.
    onTestFinished(async () => {
      for (const pid of this.#pids()) if (findProcess(pid).is === "alive") process.kill(pid, "SIGTERM");
    });
  }

  /** Of all files that were left in the folder for them. */
  get files(): string[] {
    return readdirSync(this.folder, { recursive: true, encoding: "utf8" }).sort();
  }

  start(...args: string[]) {
    return run("chat", args, this.#env);
  }

  /** What it printed, when it has ended, and its exit code. */
  async run(line: string): Promise<{ code: number | string; lines: string[] }> {
    const { ended, closed, log } = this.start(...line.split(" "));
    const code = await ended;
    await closed;
    return { code, lines: log.lines };
  }

  async json<T>(line: string): Promise<T> {
    const { lines } = await this.run(line);
    return JSON.parse(lines[0] ?? "");
  }

  status(): Promise<AppStatus> {
    return this.json("status --json");
  }

  *#pids(): Iterable<number> {
    for (const file of this.files)
      if (file.endsWith(".pid")) yield Number.parseInt(readFileSync(join(this.folder, file), "utf8"), 10);
  }
}

describe.skipIf(process.platform === "win32")("a daemon", () => {
  test("starts, tells of itself, reloads and stops, and leaves no file behind", async () => {
    const version = versionFile("1");
    const shell = new Shell({ COUNT: "2", VERSION_FILE: version.path });

    const started = await shell.run("start -d");
    expect(started.code).toBe(0);
    expect(started.lines.at(-1)).toMatch(/^Started\. To stop: node .*chat\.ts stop$/);
    expect(started.lines.filter((line) => line.endsWith("[OK]"))).toEqual([
      expect.stringMatching(/^tcp {4}\S+ +web +tcp:\/\/127\.0\.0\.1:\d+ +2 {2}\[OK\]$/),
    ]);
    const [folder = "", ...files] = shell.files;
    expect(files.map((file) => file.replace(/[\da-f]{10}/, "…"))).toEqual([
      `${folder}/chat-….log`,
      `${folder}/chat-….pid`,
      `${folder}/chat-….sock`,
    ]);
    for (const file of files) expect(statSync(join(shell.folder, file)).mode & 0o777).toBe(0o600);

    const status = await shell.status();
    expect(status).toMatchObject({ version: 1, state: "running", workers: [{ name: "web", count: 2 }] });
    expect(findProcess(status.pid).is).toBe("alive");
    const { address = "" } = status.workers[0] ?? {};
    const caller = await Caller.to(address);
    const answer = await caller.ask();
    expect(answer).toMatch(/^1 [01] \d+$/);

    const shown = await shell.run("status");
    expect(shown.lines.filter((line) => line.endsWith("[idle]"))).toHaveLength(2);
    expect(shown.lines.at(-1)).toMatch(/^Summary .* 1 +0 +\d+ +1 +- {2}\[Summary\]$/);

    const connections = await shell.json<ConnectionsReport>("connections --json");
    expect(connections).toMatchObject({ left: 0, busy: [] });
    expect(connections.connections).toMatchObject([
      { pid: Number(answer.split(" ")[2]), worker: "web", transport: "tcp", ipVersion: 4 },
    ]);
    const table = await shell.run("connections");
    expect(table.lines.at(-1)).toMatch(/^\d+ +web +\d+ +tcp .* OPEN +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+$/);

    version.set("2");
    expect(await shell.run("reload")).toEqual({
      code: 0,
      lines: ["chat.ts: reloading …", "chat.ts: reloaded"],
    });
    expect(await ask(address)).toMatch(/^2 /);
    caller.connection.close();

    expect(await shell.run("start -d")).toEqual({
      code: 4,
      lines: [`chat.ts: already running (pid ${status.pid})`],
    });
    expect(await shell.run("start")).toMatchObject({ code: 4 });

    expect(await shell.run("stop")).toEqual({ code: 0, lines: ["chat.ts: stopping …", "chat.ts: stopped"] });
    expect(findProcess(status.pid)).toEqual({ is: "gone" });
    expect(shell.files).toEqual([folder]);
    expect(await shell.run("stop")).toMatchObject({ code: 3 });
  });

  test("that cannot start says why, and is not there", async () => {
    const first = run("chat", ["start"]);
    const address = await first.address();
    const shell = new Shell({ ADDRESS: address });
    expect(await shell.run("start -d")).toEqual({
      code: 1,
      lines: [`chat.ts: ${address}: the address is in use`],
    });
    expect(await shell.run("status")).toMatchObject({ code: 3 });
  });

  test("whose workers die says so while it is waited for", async () => {
    const version = versionFile("throws");
    const shell = new Shell({ VERSION_FILE: version.path });
    const starting = shell.start("start", "-d");
    await starting.log.until(/^web#0 died before it was ready .*no such table/);
    version.set("1");
    expect(await starting.ended).toBe(0);
    await shell.run("stop");
  });

  test("is restarted, and has another pid", async () => {
    const shell = new Shell();
    await shell.run("start -d");
    const before = await shell.status();
    const restarted = await shell.run("restart -d -q");
    expect(restarted).toEqual({ code: 0, lines: ["chat.ts: stopping …", "chat.ts: stopped"] });
    const after = await shell.status();
    expect(after.pid).not.toBe(before.pid);
    await shell.run("stop");
  });

  test("has a log and a pid file where it is told, and the log stays", async () => {
    const folder = freshFolder();
    const log = join(folder, "chat.log");
    const shell = new Shell({ LOG_FILE: log, PID_FILE: join(folder, "chat.pid") });
    await shell.run("start -d");
    expect(readdirSync(folder).sort()).toEqual(["chat.log", "chat.pid", "chat.sock"]);
    await shell.run("stop");
    expect(readdirSync(folder)).toEqual(["chat.log"]);
    expect(readFileSync(log, "utf8")).toMatch(/pid:\d+ web#0 is ready at/);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  test("that was killed leaves files, which the next start replaces", async () => {
    const shell = new Shell();
    await shell.run("start -d");
    const { pid } = await shell.status();
    process.kill(pid, "SIGKILL");
    expect(await shell.run("stop")).toMatchObject({
      code: 3,
      lines: [expect.stringMatching(/^chat\.ts: not running \(process \d+ of .*\.pid has died\)$/)],
    });
    expect((await shell.run("start -d -q")).code).toBe(0);
    expect((await shell.status()).pid).not.toBe(pid);
    expect((await shell.run("stop")).code).toBe(0);
  });
});

describe("a program in the foreground", () => {
  test("takes commands, too; whoever waits for it sees it end with 0", async () => {
    const shell = new Shell();
    const running = shell.start("start");
    await running.log.until(/^Started\. Press Ctrl\+C to stop\.$/);
    expect(await shell.run("status")).toMatchObject({ code: 0 });
    expect(await shell.run("stop")).toMatchObject({ code: 0 });
    expect(await running.ended).toBe(0);
    expect(shell.files).toHaveLength(1);
  });

  test("leaves no file behind when it is ended by a signal", async () => {
    const shell = new Shell();
    const running = shell.start("start", "-q");
    await running.address();
    running.signal("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(shell.files).toHaveLength(1);
    expect(running.log.lines.some((line) => line.includes("Started"))).toBe(false);
  });

  test("keeps the old program when the new one does not come up", async () => {
    const version = versionFile("1");
    const shell = new Shell({ VERSION_FILE: version.path });
    const running = shell.start("start");
    const address = await running.address();
    version.set("throws");
    expect(await shell.run("reload")).toEqual({
      code: 1,
      lines: [
        "chat.ts: reloading …",
        expect.stringMatching(/^chat\.ts: reload failed: the new web#0 did not come up: .*no such table/),
      ],
    });
    expect(await ask(address)).toMatch(/^1 /);
  });

  test("lets connections finish for as long as they like at reload -g and stop -g", async () => {
    const version = versionFile("1");
    const shell = new Shell({ VERSION_FILE: version.path, STOP_TIMEOUT: "1" });
    const running = shell.start("start");
    const address = await running.address();
    const old = await Caller.to(address);
    await old.ask();
    version.set("2");
    expect(await shell.run("reload -g")).toMatchObject({ code: 0 });
    expect(await old.ask()).toMatch(/^1 /);
    expect(await old.next()).toBeUndefined();
    old.connection.close();
    const caller = await Caller.to(address);
    expect(await caller.ask()).toMatch(/^2 /);
    const stopping = shell.start("stop", "-g");
    await running.log.until(/^\d+ stops$/);
    expect(await caller.ask()).toMatch(/^2 /);
    caller.connection.close();
    expect(await stopping.ended).toBe(0);
  });
});

test("--watch reloads when a source file has changed", async () => {
  const folder = freshFolder();
  const file = join(folder, "watched.ts");
  const program = (version: number) =>
    writeFileSync(
      file,
      `import { runAll, Worker } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
import { lines } from ${JSON.stringify(join(import.meta.dirname, "support/lines.ts"))};
const worker = new Worker("tcp://127.0.0.1:0", { codec: lines(), name: "web" });
worker.onMessage = (connection) => connection.send("version ${version}");
runAll();
`,
    );
  program(1);
  const running = run(file, ["start", "--watch"]);
  const address = await running.address();
  await running.log.until(/^Started/);
  expect(await ask(address)).toBe("version 1");
  program(2);
  await running.log.until(/watched\.ts has changed$/);
  await running.log.until(/ reloaded$/);
  expect(await ask(address)).toBe("version 2");
  expect(existsSync(file)).toBe(true);
});

test("help is shown, and ends with 0", async () => {
  const { code, lines } = await new Shell().run("--help");
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^Usage: node .*chat\.ts <command> \[options\]$/);
});
