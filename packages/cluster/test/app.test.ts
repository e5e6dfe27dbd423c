import { join } from "node:path";
import { AddressError, listen } from "@sock/core";
import { canBindShared } from "@sock/core/sockets";
import { describe, expect, test } from "vitest";
import { createApp, Worker } from "../src/index.ts";
import { web } from "./programs/web-worker.ts";
import { ask, Caller } from "./support/ask.ts";
import { freshFolder, launch, programPath, versionFile } from "./support/launch.ts";

/** An app of one Worker, with what its processes find in their environment. */
function launchWeb(env: Record<string, string> = {}, options: Parameters<typeof launch>[3] = {}) {
  return launch("web", [web(env)], env, options);
}

function pidOf(answer: string): number {
  return Number(answer.split(" ")[2]);
}

describe("an app", () => {
  test("serves in as many processes as it should, with ids from 0 on", async () => {
    const { app, address } = await launchWeb({ COUNT: "3" });
    const ids = new Set<string>();
    while (ids.size < 3) ids.add((await ask(address)).split(" ")[1] ?? "");
    expect([...ids].sort()).toEqual(["0", "1", "2"]);
    await app.stop();
    await expect(ask(address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("tells its status, and its connections", async () => {
    const { app, address } = await launchWeb({ COUNT: "2" });
    const caller = await Caller.to(address);
    const [, id, pid] = (await caller.ask()).split(" ");
    const status = await app.status();
    expect(status).toMatchObject({ pid: process.pid, state: "running" });
    const [worker] = status.workers;
    expect(worker).toMatchObject({ name: "web", address, count: 2, exits: [] });
    expect(worker?.processes.map((each) => [each.id, each.state])).toEqual([
      [0, "idle"],
      [1, "idle"],
    ]);
    const serving = worker?.processes.find((each) => each.id === Number(id));
    expect(serving).toMatchObject({
      pid: Number(pid),
      report: { connections: 1, requests: 1, sent: 1, dropped: 0 },
    });
    expect(serving?.report?.memory.rss).toBeGreaterThan(1e6);
    const { connections, left, busy } = await app.connections();
    expect([left, busy]).toEqual([0, []]);
    expect(connections).toEqual([
      expect.objectContaining({
        pid: Number(pid),
        worker: "web",
        workerId: Number(id),
        transport: "tcp",
        state: "open",
        ipVersion: 4,
        remoteAddress: caller.connection.getLocalAddress(),
        bytesRead: 4,
      }),
    ]);
  });

  test("cannot be started where somebody listens already: as listen tells it", async () => {
    await using server = await listen("tcp://127.0.0.1:0", {});
    for (const accept of ["auto", "shared", "handover"]) {
      const app = createApp([web({ ADDRESS: server.address, COUNT: "2", ACCEPT: accept })], {
        file: programPath("web"),
      });
      await expect(app.start()).rejects.toMatchObject({ name: "AddressError", code: "EADDRINUSE" });
    }
  });

  test("is started once", async () => {
    const { app } = await launchWeb();
    await expect(app.start()).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
  });

  test("is not reloaded when it does not run", async () => {
    const app = createApp([web()]);
    await expect(app.reload()).rejects.toMatchObject({ code: "NOT_RUNNING" });
    expect((await app.status()).state).toBe("idle");
  });
});

describe.each(["auto", "shared", "handover", ...(canBindShared ? ["reusePort"] : [])])(
  "accepting by %s",
  (accept) => {
    test("reloads under load without one connection lost", async () => {
      const version = versionFile("1");
      const { app, log, address } = await launchWeb({
        COUNT: "2",
        ACCEPT: accept,
        VERSION_FILE: version.path,
      });
      let isOver = false;
      const answers: string[] = [];
      const clients = Array.from({ length: 4 }, async () => {
        while (!isOver) answers.push(await ask(address));
      });
      for (const next of ["2", "3"]) {
        version.set(next);
        await app.reload();
        await log.times(/has ended: as it was asked to/, next === "2" ? 2 : 4);
        const from = answers.length;
        // Those that are under way may have been answered by the old ones.
        while (answers.length < from + 20) await ask(address);
        expect(answers.slice(from + 4).filter((answer) => !answer.startsWith(next))).toEqual([]);
      }
      isOver = true;
      await Promise.all(clients);
      expect(answers[0]).toMatch(/^1/);
    });
  },
);

describe.each(["shared", "handover", ...(canBindShared ? ["reusePort"] : [])])(
  "while all is stopped, accepting by %s",
  (accept) => {
    test("nobody else is let in to wait for nothing", async () => {
      const { app, address } = await launchWeb({ COUNT: "2", ACCEPT: accept });
      const caller = await Caller.to(address);
      await caller.ask();
      const stopping = app.stop({ within: 60_000 });
      const refusal = async () => {
        for (;;) {
          try {
            await ask(address);
          } catch (error) {
            // Else it was let in a moment too early.
            if (error instanceof AddressError) return error.code;
          }
        }
      };
      expect(await refusal()).toBe("ECONNREFUSED");
      caller.connection.close();
      await stopping;
    });
  },
);

describe.each(["auto", "handover"])("over TLS, accepting by %s", (accept) => {
  test("worker processes shake hands and answer, the new ones of a reload too", async () => {
    const { app, address } = await launchWeb({ ADDRESS: "tls://127.0.0.1:0", COUNT: "2", ACCEPT: accept });
    expect(address).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
    const before = pidOf(await ask(address));
    await app.reload();
    expect(pidOf(await ask(address))).not.toBe(before);
  });
});

describe("over a unix socket", () => {
  test("connections are handed over", async () => {
    const address = `unix:${join(freshFolder(), "socket")}`;
    const { app } = await launchWeb({ ADDRESS: address, COUNT: "2" });
    expect((await app.status()).workers[0]).toMatchObject({ address, accept: "handover" });
    const [one, other] = [await ask(address), await ask(address)];
    expect(pidOf(one)).not.toBe(pidOf(other));
    await app.reload();
    expect([pidOf(one), pidOf(other)]).not.toContain(pidOf(await ask(address)));
  });
});

describe("a process that dies", () => {
  test("by kill -9 is replaced by another with its id", async () => {
    const { app, log, address } = await launchWeb({ COUNT: "2" });
    const [version, id, pid] = (await ask(address)).split(" ");
    const from = log.lines.length;
    process.kill(Number(pid), "SIGKILL");
    await log.until(new RegExp(`web#${id} is ready`), from);
    expect(await log.until(/has ended/, from)).toBe(
      `warn: web#${id} has ended: SIGKILL: it was killed: by somebody, or by the system, which was out of memory`,
    );
    const [worker] = (await app.status()).workers;
    expect(worker?.exits).toMatchObject([{ status: "SIGKILL", count: 1 }]);
    expect(worker?.processes.map((each) => each.id)).toEqual([0, 1]);
    expect(version).toBe("1");
  });

  test("has its waiting connections served by others, until it is back", async () => {
    const { log, address } = await launchWeb({ COUNT: "2" });
    const pid = pidOf(await ask(address));
    const from = log.lines.length;
    process.kill(pid, "SIGKILL");
    // Half of these come to its socket.
    const answers = await Promise.all(Array.from({ length: 16 }, () => ask(address)));
    expect(answers.map(pidOf)).not.toContain(pid);
    await log.until(/is ready/, from);
  });

  test("says why, when it knows", async () => {
    const { log, address } = await launchWeb();
    await ask(address, "crash").catch(() => undefined);
    expect(await log.until(/has ended/)).toBe("warn: web#0 has ended: exit code 1: an uncaught error: a bug");
    await log.times(/is ready/, 2);
    await ask(address, "exit").catch(() => undefined);
    await log.until(/has ended: exit code 7: an uncaughtException handler threw/);
    await log.times(/is ready/, 3);
  });

  test("at its start is tried again, more slowly each time, and the others serve on", async () => {
    const version = versionFile("1");
    const { log, address } = await launchWeb({ COUNT: "2", VERSION_FILE: version.path });
    const victim = pidOf(await ask(address));
    version.set("exits");
    process.kill(victim, "SIGKILL");
    await log.until(/died before it was ready \(exit code 3\): next try in (0\.[456]|[456])/);
    await log.until(/died before it was ready \(exit code 3\): next try in (0\.[789]|1)/);
    expect(pidOf(await ask(address))).not.toBe(victim);
    version.set("2");
    await log.times(/is ready/, 3);
  });
});

describe("a reload", () => {
  test("gives each connection its answer before it ends", async () => {
    const { app, address } = await launchWeb();
    const caller = await Caller.to(address);
    const pid = pidOf(await caller.ask());
    await app.reload();
    expect(pidOf(await caller.ask())).toBe(pid);
    expect(await caller.next()).toBeUndefined();
    expect(pidOf(await ask(address))).not.toBe(pid);
  });

  test("closes those who say nothing when the time is over", async () => {
    const { app, log, address } = await launchWeb({}, { drainTimeout: 100 });
    const caller = await Caller.to(address);
    await caller.ask();
    await app.reload();
    expect(await caller.next()).toBeUndefined();
    caller.connection.close();
    await log.until(/has ended: as it was asked to/);
  });

  test.each([
    ["exits", "exit code 3"],
    ["throws", "exit code 1: it failed to start: no such table"],
  ])("to a program that %s is aborted, and the old one goes on", async (next, reason) => {
    const version = versionFile("1");
    const { app, address } = await launchWeb({ COUNT: "2", VERSION_FILE: version.path });
    const before = await ask(address);
    version.set(next);
    await expect(app.reload()).rejects.toMatchObject({
      code: "NOT_RELOADED",
      message: `the new web#0 did not come up: ${reason}`,
    });
    for (let i = 0; i < 8; i++) expect(await ask(address)).toMatch(/^1/);
    version.set("2");
    await app.reload();
    expect(await ask(address)).toMatch(/^2/);
    expect(before).toMatch(/^1/);
  });

  test("to a program that is not ready in time is aborted too", async () => {
    const version = versionFile("1");
    const { app, address } = await launchWeb({ VERSION_FILE: version.path }, { startTimeout: 3_000 });
    version.set("hangs");
    await expect(app.reload()).rejects.toMatchObject({
      message: "the new web#0 did not come up: it was not ready within 3 s",
    });
    expect(await ask(address)).toMatch(/^1/);
  });

  test("to a program that listens elsewhere is aborted: that takes a restart", async () => {
    const version = versionFile("tcp://127.0.0.1:0");
    const { app } = await launch("moves", [web()], { VERSION_FILE: version.path });
    version.set("tcp://127.0.0.2:0");
    await expect(app.reload()).rejects.toMatchObject({
      code: "NOT_RELOADED",
      message: expect.stringContaining("the program has this Worker at tcp://127.0.0.2:0 now"),
    });
  });
});

describe("limits of a process", () => {
  test("after so many messages it is replaced", async () => {
    const { log, address } = await launchWeb({ MAX_REQUESTS: "3" });
    const pid = pidOf(await ask(address));
    for (let i = 0; i < 4; i++) await ask(address);
    expect(await log.until(/is replaced/)).toMatch(
      /^web#0 is replaced: it has had \d messages, and 3 may be$/,
    );
    await log.times(/is ready/, 2);
    expect(pidOf(await ask(address))).not.toBe(pid);
  });

  test("beyond so much memory it is replaced, and its connections have their answers", async () => {
    const most = 300 * 2 ** 20;
    const { log, address } = await launchWeb({ MAX_MEMORY: String(most) });
    const caller = await Caller.to(address);
    const pid = pidOf(await caller.ask(`grow ${most}`));
    const told = await log.until(/is replaced: it takes/);
    const [, takes, may] = /^web#0 is replaced: it takes (\d+) bytes of memory, and (\d+) may be$/.exec(
      told,
    )!;
    expect(Number(may)).toBe(most);
    expect(Number(takes)).toBeGreaterThan(most);
    await log.times(/is ready/, 2);
    expect(pidOf(await ask(address))).not.toBe(pid);
    expect(pidOf(await caller.ask())).toBe(pid);
    expect(await caller.next()).toBeUndefined();
  });

  test("one whose event loop stands still is busy, and replaced", async () => {
    const { app, log, address } = await launchWeb({ MAX_LAG: "300" }, { drainTimeout: 0 });
    const pid = pidOf(await ask(address));
    const blocked = await Caller.to(address);
    blocked.connection.send("block");
    await log.until(/is replaced: its event loop has stood still for more than 300 ms/);
    await log.times(/is ready/, 2);
    expect(pidOf(await ask(address))).not.toBe(pid);
    expect((await app.status()).workers[0]?.processes).toContainEqual(
      expect.objectContaining({ pid, state: "draining", report: undefined }),
    );
    expect(await log.until(/has ended/)).toBe(
      "warn: web#0 has ended: it was killed, because it took too long",
    );
  });
});

test("whoever is sent SIGTERM is replaced first", async () => {
  const { log, address } = await launchWeb();
  const pid = pidOf(await ask(address));
  process.kill(pid, "SIGTERM");
  await log.until(/web#0 is replaced: it was sent SIGTERM/);
  await log.until(/has ended: as it was asked to/);
  expect(pidOf(await ask(address))).not.toBe(pid);
});

describe("a program with several Workers", () => {
  test("has processes for each, ids for each, and one without an address; a Worker may listen in a process", async () => {
    const { app, log } = await launch("several", [
      new Worker("tcp://127.0.0.1:0", { name: "first", count: 2 }),
      new Worker("tcp://127.0.0.1:0", { name: "second" }),
      new Worker(undefined, { name: "task" }),
    ]);
    const [first = "", second = "", none] = app.addresses;
    expect(none).toBe("");
    expect(first).not.toBe(second);
    expect(await ask(first)).toMatch(/^first [01]$/);
    expect(await ask(second)).toBe("second 0");
    const inner = await ask(second, "inner");
    expect(await ask(inner)).toBe("inner of second 0");
    const { workers } = await app.status();
    expect(
      workers.map(({ name, address, accept, processes }) => [name, address, accept, processes.length]),
    ).toEqual([
      ["first", first, canBindShared ? "reusePort" : "handover", 2],
      ["second", second, "shared", 1],
      ["task", "none", "none", 1],
    ]);
    // That of the inner Worker too.
    expect(workers[1]?.processes[0]?.report?.opened).toBeGreaterThanOrEqual(3);
    await app.stop();
    expect(log.lines.filter((line) => line.includes("has ended"))).toHaveLength(4);
  });

  test("says goodbye by itself, while connections are there, and ends when they are gone", async () => {
    const { app } = await launch("several", [
      new Worker("tcp://127.0.0.1:0", { name: "first", count: 2 }),
      new Worker("tcp://127.0.0.1:0", { name: "second" }),
      new Worker(undefined, { name: "task" }),
    ]);
    const caller = await Caller.to(app.addresses[1] ?? "");
    await caller.ask();
    const stopping = app.stop({ within: 100 });
    expect(await caller.next()).toBe("second 0 stops with 1");
    expect(await caller.next()).toBeUndefined();
    await stopping;
  });
});

test("workers that are not reloadable hear of the reload, and stay", async () => {
  const { app, address } = await launch("hears", [
    new Worker("tcp://127.0.0.1:0", { name: "stays", reloadable: false }),
  ]);
  const caller = await Caller.to(address);
  const before = await caller.ask();
  await app.reload();
  expect(await caller.next()).toBe("a reload");
  expect(await caller.ask()).toBe(before);
});
