import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, Caller } from "./support/ask.ts";
import { freshFolder, programEnv, programPath, versionFile } from "./support/launch.ts";
import { Log } from "./support/log.ts";
import { run, untilGone } from "./support/run.ts";

/** The pids of all that were ready. */
function pidOf(answer: string): number {
  return Number(answer.split(" ")[2]);
}

describe("start", () => {
  test("runs in the foreground, with a log on stdout", async () => {
    const { log, address } = run("master", ["start"], { COUNT: "2" });
    expect(await ask(await address())).toMatch(/^1 [01] \d+$/);
    await log.times(/is ready/, 2);
    expect(log.lines.filter((line) => line.includes("is ready")).sort()).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d pid:\d+ web#[01] is ready at tcp:\/\/127\.0\.0\.1:\d+$/,
      ),
      expect.stringMatching(/web#[01] is ready at/),
    ]);
  });

  test("says so when it cannot, and exits with 1", async () => {
    const { address } = run("master", ["start"]);
    const second = run("master", ["start"], { ADDRESS: await address() });
    expect(await second.ended).toBe(1);
    expect(second.log.lines).toEqual([`master.ts: ${await address()}: the address is in use`]);
  });
});

test.each([[[]], [["dance"]]])("anything else (%j) tells how it is used, and exits with 2", async (args) => {
  const { log, ended } = run("master", args);
  expect(await ended).toBe(2);
  await log.until(/^ {2}start /);
  expect(log.lines.some((line) => line.startsWith("Usage: node "))).toBe(true);
  expect(log.lines.includes("Unknown command: dance")).toBe(args.length > 0);
});

describe("a stop", () => {
  test.each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)(
    "by %s lets the workers end, and exits with 0",
    async (signal) => {
      const running = run("master", ["start"], { COUNT: "2" });
      const pid = pidOf(await ask(await running.address()));
      await running.log.times(/is ready/, 2);
      running.signal(signal);
      expect(await running.ended).toBe(0);
      await untilGone(pid);
      const { lines } = running.log;
      expect(lines.filter((line) => line.endsWith(" stops") && /^\d/.test(line))).toHaveLength(2);
      expect(lines.filter((line) => line === "a web went with exit code 0")).toHaveLength(2);
      expect(lines).toContain("the master stops");
    },
  );

  test("waits for connections until the deadline", async () => {
    const running = run("master", ["start"], { STOP_TIMEOUT: "300" });
    const caller = await Caller.to(await running.address());
    await caller.ask();
    running.signal("SIGTERM");
    await running.log.until(/^\d+ stops$/);
    expect(await caller.next()).toBeUndefined();
    caller.connection.close();
    expect(await running.ended).toBe(0);
  });

  test("a second signal ends all at once", async () => {
    const running = run("master", ["start"], { STOP_TIMEOUT: "600000" });
    const caller = await Caller.to(await running.address());
    const pid = pidOf(await caller.ask());
    running.signal("SIGTERM");
    await running.log.until(/^\d+ stops$/);
    running.signal("SIGTERM");
    expect(await running.ended).toBe(0);
    await untilGone(pid);
    expect(running.log.lines).toContain("a web went with SIGKILL");
  });

  test("of the terminal's, which all its processes hear of, is the master's to decide", async () => {
    const running = run("master", ["start"]);
    const caller = await Caller.to(await running.address());
    const pid = pidOf(await caller.ask());
    process.kill(pid, "SIGINT");
    process.kill(pid, "SIGHUP");
    expect(pidOf(await (await Caller.to(await running.address())).ask())).toBe(pid);
  });
});

test.each(["SIGHUP", "SIGUSR1", "SIGUSR2"] as const)("%s reloads", async (signal) => {
  const version = versionFile("1");
  const running = run("master", ["start"], { VERSION_FILE: version.path });
  const address = await running.address();
  expect(await ask(address)).toMatch(/^1/);
  version.set("2");
  running.signal(signal);
  await running.log.until(/ended: as it was asked to/);
  expect(await ask(address)).toMatch(/^2/);
  expect(running.log.lines).toEqual(expect.arrayContaining(["the master has started", "the master reloads"]));
});

test("a reload gives connections the time that the program says", async () => {
  const running = run("master", ["start"], { DRAIN_TIMEOUT: "100" });
  const caller = await Caller.to(await running.address());
  await caller.ask();
  running.signal("SIGUSR2");
  // It asks nothing more, and is waited for no longer.
  expect(await caller.next()).toBeUndefined();
  caller.connection.close();
});

test.each(["before it knows its role", "before it starts"])(
  "a worker whose master was killed %s ends, and is no master",
  async (when) => {
    const running = run("slow", ["start"], { LOSES_ITS_MASTER: when });
    const line = await running.log.until(/^\d+ loads$/);
    running.signal("SIGKILL");
    await running.ended;
    await untilGone(Number.parseInt(line, 10));
    expect(running.log.lines.filter((line) => line.includes("is ready"))).toEqual([]);
  },
);

test.runIf(process.platform === "linux")(
  "a worker whose master was killed, and whom nobody has buried yet, is no master either",
  async () => {
    // Who has started the master is another program now, and never asks what became of it.
    const shell = ["-c", '"$0" "$@" & echo "master $!"; exec sleep 60'];
    const node = [process.execPath, "--conditions=@sock/source", programPath("slow"), "start"];
    const parent = spawn("sh", [...shell, ...node], {
      env: programEnv({ TMPDIR: freshFolder(), LOSES_ITS_MASTER: "before it knows its role" }),
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const log = new Log();
    createInterface(parent.stdout).on("line", (line) => log.add(line));
    const master = Number((await log.until(/^master \d+$/)).split(" ")[1]);
    const worker = Number.parseInt(await log.until(/^\d+ loads$/), 10);
    process.kill(master, "SIGKILL");
    await untilGone(worker);
    expect(log.lines.filter((line) => line.includes("is ready"))).toEqual([]);
  },
);

test("workers whose master was killed drain, and end", async () => {
  const running = run("master", ["start"], { COUNT: "2", STOP_TIMEOUT: "600000" });
  const caller = await Caller.to(await running.address());
  const pid = pidOf(await caller.ask());
  running.signal("SIGKILL");
  expect(await running.ended).toBe("SIGKILL");
  await running.log.until(new RegExp(`^${pid} stops$`));
  // It has its answer, and then the end.
  expect(pidOf(await caller.ask())).toBe(pid);
  expect(await caller.next()).toBeUndefined();
  caller.connection.close();
  await untilGone(pid);
  await expect(ask(await running.address())).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
