import { describe, expect, test } from "vitest";
import { supervised } from "./support/fake-processes.ts";

const KILLED = { code: null, signal: "SIGKILL" };

describe("a supervisor", () => {
  test("gives each process its role, and starts when all are ready", async () => {
    const { processes, supervisor } = supervised({ name: "web", count: 2 });
    let isStarted = false;
    const started = supervisor.start().then(() => {
      isStarted = true;
    });
    expect(processes.map(({ role }) => [role.worker, role.id, role.master])).toEqual([
      [0, 0, process.pid],
      [0, 1, process.pid],
    ]);
    processes[0]?.isReady();
    await Promise.resolve();
    expect(isStarted).toBe(false);
    processes[1]?.isReady();
    await started;
  });

  test("says what becomes of them, and counts how they end", () => {
    const { log, processes, supervisor, exited } = supervised();
    void supervisor.start();
    processes[0]?.isReady();
    processes[0]?.ends(KILLED);
    processes[1]?.isReady();
    processes[1]?.ends(KILLED);
    expect(log.lines).toEqual([
      "web#0 is ready",
      "warn: web#0 has ended: SIGKILL: it was killed: by somebody, or by the system, which was out of memory",
      "web#0 is ready",
      "warn: web#0 has ended: SIGKILL: it was killed: by somebody, or by the system, which was out of memory",
    ]);
    expect(supervisor.exits(0)).toMatchObject([{ status: "SIGKILL", count: 2 }]);
    expect(exited).toEqual(["1000 SIGKILL", "1001 SIGKILL"]);
  });

  test("waits by its clock before it tries again", () => {
    const { clock, processes, supervisor } = supervised();
    void supervisor.start();
    processes[0]?.ends({ code: 1, signal: null });
    clock.advance(499);
    expect(processes).toHaveLength(1);
    clock.advance(1);
    expect(processes).toHaveLength(2);
  });

  test("reloads: the new one first, then the old one hears that it drains", async () => {
    const { processes, supervisor } = supervised();
    void supervisor.start();
    processes[0]?.isReady();
    const reloaded = supervisor.reload();
    expect(supervisor.state).toBe("reloading");
    expect(processes[0]?.told).toEqual([]);
    processes[1]?.isReady();
    await reloaded;
    expect(processes[0]?.asked).toEqual([{ is: "drain", within: 30_000, why: "reload" }]);
    expect(supervisor.state).toBe("running");
  });

  test("tells each who asked for a reload how its own went", async () => {
    const { processes, supervisor } = supervised();
    void supervisor.start();
    processes[0]?.isReady();
    const first = supervisor.reload();
    const second = supervisor.reload();
    processes[1]?.ends({ code: 3, signal: null });
    await expect(first).rejects.toMatchObject({ code: "NOT_RELOADED" });
    processes[2]?.isReady();
    await second;
  });

  test("stops: all drain, and who does not end in time is killed", async () => {
    const { clock, log, processes, supervisor, exited } = supervised({ count: 2 });
    void supervisor.start();
    for (const process of processes) process.isReady();
    const stopped = supervisor.stop(8_000);
    processes[0]?.ends();
    clock.advance(10_000);
    expect(processes[1]?.told).toEqual(["drain", "kill"]);
    processes[1]?.ends(KILLED);
    await stopped;
    expect(exited.at(-1)).toBe("all");
    expect(log.lines.slice(-2)).toEqual([
      "web#0 has ended: as it was asked to",
      "warn: web#1 has ended: it was killed, because it took too long",
    ]);
    expect(clock.pending).toBe(0);
  });

  test("that is stopped before all are ready has not started", async () => {
    const { processes, supervisor } = supervised();
    const started = supervisor.start();
    const stopped = supervisor.stop(0);
    processes[0]?.ends();
    await stopped;
    await expect(started).rejects.toMatchObject({ code: "STOPPED" });
  });

  test("takes one that does not answer within a second for busy", async () => {
    const { clock, processes, supervisor } = supervised({ count: 3 });
    void supervisor.start();
    processes[0]?.isReady();
    processes[1]?.isReady();
    const status = supervisor.status(0);
    const [question] = processes[0]?.asked ?? [];
    if (question?.is === "report")
      processes[0]?.says({ is: "report", request: question.request, report: { requests: 7 } as never });
    clock.advance(1_000);
    expect((await status).map(({ id, state, report }) => [id, state, report?.requests])).toEqual([
      [0, "idle", 7],
      [1, "busy", undefined],
      [2, "starting", undefined],
    ]);
    expect(clock.pending).toBe(1);
  });

  test("replaces one whose event loop has stood still", () => {
    const { clock, log, processes, supervisor } = supervised({ maxEventLoopLag: 1_000 });
    void supervisor.start();
    processes[0]?.isReady();
    for (let i = 0; i < 10; i++) {
      clock.advance(1_000);
      processes[0]?.says({ is: "beat" });
    }
    expect(processes).toHaveLength(1);
    clock.advance(1_250);
    expect(processes).toHaveLength(2);
    expect(log.lines.at(-1)).toBe("web#0 is replaced: its event loop has stood still for more than 1000 ms");
  });
});
