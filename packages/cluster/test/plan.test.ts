import { describe, expect, test } from "vitest";
import { FleetModel } from "./support/fleet-model.ts";

const one = { workers: [{ name: "web", count: 1, reloadable: true }] };
const two = { workers: [{ name: "web", count: 2, reloadable: true }] };
const four = { workers: [{ name: "web", count: 4, reloadable: true }] };

describe("a start", () => {
  test("forks a process for each id of each Worker, and is over when all are ready", () => {
    const workers = [
      { name: "web", count: 2, reloadable: true },
      { name: "jobs", count: 1, reloadable: true },
    ];
    const model = new FleetModel({ workers }).start();
    expect(model.told()).toEqual(["fork 1 as 0#0 (start)", "fork 2 as 0#1 (start)", "fork 3 as 1#0 (start)"]);
    model.ready(3);
    model.ready(1);
    expect(model.told()).toEqual([]);
    model.ready(2);
    expect(model.told()).toEqual(["started"]);
  });
});

describe("a process that was ready and dies", () => {
  test("is replaced at once, with the same id", () => {
    const model = new FleetModel(two).running();
    model.pass(60_000);
    model.dies(2);
    expect(model.told()).toEqual(["fork 3 as 0#1 (death)"]);
  });

  test("is replaced at once every time, when that is every three seconds", () => {
    const model = new FleetModel(one).running();
    for (let i = 1; i <= 20; i++) {
      model.pass(3_000);
      expect(model.dies(i).map((action) => action.do)).toEqual(["fork"]);
      model.ready(i + 1);
    }
  });

  test("again and again right after it came up, is tried ever more slowly", () => {
    const model = new FleetModel(one).running();
    let process = 1;
    while (model.now < 17_000) {
      if (model.keys("ready").includes(process)) model.dies(process);
      model.pass(100);
      if (!model.keys("starting").includes(process + 1)) continue;
      process += 1;
      model.ready(process);
    }
    expect(model.forks).toBeLessThanOrEqual(10);
    expect(model.told().join()).toContain("error: web#0 dies again and again: next try in 8 s");
  });
});

describe("processes that die before they are ready", () => {
  /** All die 50 ms after each fork. */
  function crashing(count: number, until: number): FleetModel {
    const model = new FleetModel({ workers: [{ name: "web", count, reloadable: true }] }).start();
    while (model.now < until) {
      model.pass(50);
      model.everyone("starting", (process) => model.dies(process));
    }
    return model;
  }

  test.each([1, 2, 4])("%d at a time: are at most ten in 17 seconds", (count) => {
    expect(crashing(count, 17_000).forks).toBeLessThanOrEqual(10);
  });

  test("are tried for ever, every 30 seconds", () => {
    const model = crashing(4, 120_000);
    const { forks } = model;
    while (model.now < 720_000) {
      model.pass(1_000);
      model.everyone("starting", (process) => model.dies(process));
    }
    expect(model.forks - forks).toBeGreaterThanOrEqual(19);
    expect(model.forks - forks).toBeLessThanOrEqual(21);
  });

  test("say so, and louder when it does not mend itself", () => {
    const sentences = crashing(1, 17_000)
      .told()
      .filter((line) => !line.startsWith("fork"));
    expect(sentences).toEqual([
      "warn: web#0 died before it was ready (it exited with code 1): next try in 0.5 s",
      "warn: web#0 died before it was ready (it exited with code 1): next try in 1 s",
      "warn: web#0 died before it was ready (it exited with code 1): next try in 2 s",
      "warn: web#0 died before it was ready (it exited with code 1): next try in 4 s",
      "error: web#0 dies at each start (it exited with code 1): next try in 8 s",
      "error: web#0 dies at each start (it exited with code 1): next try in 16 s",
    ]);
  });

  test("try one at a time, and all as soon as one has come up", () => {
    const model = new FleetModel(four).start();
    model.everyone("starting", (process) => model.dies(process));
    model.told();
    model.pass(500);
    expect(model.told()).toEqual(["fork 5 as 0#1 (death)"]);
    model.pass(5_000);
    expect(model.told()).toEqual([]);
    model.ready(5);
    expect(model.told()).toEqual(["fork 6 as 0#0 (death)", "fork 7 as 0#2 (death)", "fork 8 as 0#3 (death)"]);
  });

  test("take turns, so that one id that always fails keeps no other from trying", () => {
    const model = new FleetModel(two).start();
    const tried = new Set<number>();
    while (model.now < 17_000) {
      model.pass(50);
      for (const { key, slot } of model.fleet.processes) {
        tried.add(slot);
        model.dies(key);
      }
    }
    expect(tried).toEqual(new Set([0, 1]));
  });

  test("do not keep another Worker waiting", () => {
    const workers = [
      { name: "broken", count: 1, reloadable: true },
      { name: "sound", count: 1, reloadable: true },
    ];
    const model = new FleetModel({ workers }).start();
    model.ready(2);
    model.dies(1);
    model.pass(60_000);
    model.told();
    model.dies(2);
    expect(model.told().join()).toMatch(/^fork \d+ as 1#0 \(death\)$/);
  });

  test("by being too slow are killed, and count as failed", () => {
    const model = new FleetModel({ ...one, startTimeout: 10_000 }).start();
    model.told();
    model.pass(10_000);
    expect(model.told()).toEqual([
      "kill 1",
      "warn: web#0 died before it was ready (it was not ready within 10 s): next try in 0.5 s",
    ]);
    model.dies(1);
    expect(model.told()).toEqual([]);
    model.pass(500);
    expect(model.told()).toEqual(["fork 2 as 0#0 (death)"]);
  });
});

describe("a reload", () => {
  test("replaces one after the other: the new one first, and the old one drains when that is ready", () => {
    const model = new FleetModel(two).running();
    model.happens({ is: "reload" });
    expect(model.told()).toEqual(["info: reloading", "fork 3 as 0#0 (reload)"]);
    model.ready(3);
    expect(model.told()).toEqual(["drain 1 in 5000 (reload)", "fork 4 as 0#1 (reload)"]);
    model.dies(1);
    expect(model.told()).toEqual([]);
    model.ready(4);
    expect(model.told()).toEqual(["drain 2 in 5000 (reload)", "reloaded", "info: reloaded"]);
    model.dies(2);
    model.pass(60_000);
    expect(model.told()).toEqual([]);
  });

  test("of a share replaces so many at a time", () => {
    const model = new FleetModel({ ...four, reloadShare: 0.5 }).running();
    model.happens({ is: "reload" });
    expect(model.keys("starting")).toEqual([5, 6]);
    model.ready(5);
    expect(model.keys("starting")).toEqual([6, 7]);
  });

  test("kills the old one that has not ended when its time is over", () => {
    const model = new FleetModel({ ...one, drainTimeout: 5_000 }).running();
    model.happens({ is: "reload" });
    model.ready(2);
    model.told();
    model.pass(6_999);
    expect(model.told()).toEqual([]);
    model.pass(1);
    expect(model.told()).toEqual(["kill 1"]);
    model.dies(1);
    expect(model.told()).toEqual([]);
  });

  test("gives the old one the time that was asked for: of two reloads at once, the longer", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "reload", within: Infinity });
    model.happens({ is: "reload" });
    model.ready(2);
    expect(model.told()).toContain("drain 1 in Infinity (reload)");
    model.ready(3);
    expect(model.told()).toContain("drain 2 in Infinity (reload)");
    model.pass(600_000);
    expect(model.told()).toEqual([]);
  });

  test("is aborted when the new program does not come up, and the old one stays", () => {
    const model = new FleetModel(two).running();
    model.happens({ is: "reload" });
    model.told();
    model.dies(3);
    const failure = "the new web#0 did not come up: it exited with code 1";
    expect(model.told()).toEqual([`not reloaded: ${failure}`, `error: not reloaded: ${failure}`]);
    expect(model.keys("ready")).toEqual([1, 2]);
    model.pass(600_000);
    expect(model.told()).toEqual([]);
  });

  test("is aborted when the new program is not ready in time", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "reload" });
    model.told();
    model.pass(10_000);
    const failure = "the new web#0 did not come up: it was not ready within 10 s";
    expect(model.told()).toEqual(["kill 2", `not reloaded: ${failure}`, `error: not reloaded: ${failure}`]);
    expect(model.keys("ready")).toEqual([1]);
  });

  test("leaves those alone that are not reloadable, but tells them", () => {
    const workers = [
      { name: "gateway", count: 1, reloadable: false },
      { name: "web", count: 1, reloadable: true },
    ];
    const model = new FleetModel({ workers }).running();
    model.happens({ is: "reload" });
    expect(model.told()).toEqual(["info: reloading", "tell 1 of the reload", "fork 3 as 1#0 (reload)"]);
    model.ready(3);
    expect(model.keys("ready")).toEqual([1, 3]);
  });

  test("asked for during another follows it", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "reload" });
    model.happens({ is: "reload" });
    model.happens({ is: "reload" });
    model.told();
    model.ready(2);
    expect(model.told()).toEqual([
      "drain 1 in 5000 (reload)",
      "reloaded",
      "info: reloaded",
      "info: reloading",
      "fork 3 as 0#0 (reload)",
    ]);
    model.ready(3);
    expect(model.told()).toEqual(["drain 2 in 5000 (reload)", "reloaded", "info: reloaded"]);
  });

  test("waits for one that is on its way up: it may have read the old program", () => {
    const model = new FleetModel(one).start();
    model.happens({ is: "reload" });
    expect(model.keys("starting")).toEqual([1]);
    model.ready(1);
    expect(model.keys("starting")).toEqual([2]);
    expect(model.keys("ready")).toEqual([1]);
  });

  test("tries at once those that wait because they died", () => {
    const model = new FleetModel(one).start();
    for (let i = 1; i <= 6; i++) {
      model.dies(i);
      model.pass(20_000);
    }
    model.dies(7);
    model.told();
    model.happens({ is: "reload" });
    expect(model.told()).toEqual(["info: reloading", "fork 8 as 0#0 (reload)"]);
  });

  test("goes on with the new one when the old one dies before it should", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "reload" });
    model.told();
    model.dies(1);
    expect(model.told()).toEqual([]);
    model.ready(2);
    expect(model.told()).toEqual(["reloaded", "info: reloaded"]);
  });

  test("fills the place of an old one that died, when the new one does not come up either", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "reload" });
    model.dies(1);
    model.dies(2);
    model.told();
    model.pass(500);
    expect(model.told()).toEqual(["fork 3 as 0#0 (death)"]);
  });
});

describe("a process that should be replaced", () => {
  test("is, by the way of a reload", () => {
    const model = new FleetModel(two).running();
    model.happens({ is: "recycle", process: 2, why: "it served 1,000 requests" });
    expect(model.told()).toEqual([
      "info: web#1 is replaced: it served 1,000 requests",
      "fork 3 as 0#1 (recycle)",
    ]);
    model.ready(3);
    expect(model.told()).toEqual(["drain 2 in 5000 (recycle)"]);
  });

  test("is, one after the other", () => {
    const model = new FleetModel(two).running();
    for (const process of [1, 2, 1, 2]) model.happens({ is: "recycle", process, why: "it is large" });
    expect(model.keys("starting")).toEqual([3]);
    model.ready(3);
    expect(model.keys("starting")).toEqual([4]);
    model.ready(4);
    expect(model.keys("starting")).toEqual([]);
  });

  test("stays when the new one does not come up, and is tried again after a minute", () => {
    const model = new FleetModel(one).running();
    const grows = () => model.happens({ is: "recycle", process: 1, why: "it is large" });
    grows();
    model.dies(2);
    expect(model.keys("ready")).toEqual([1]);
    expect(grows()).toEqual([]);
    model.pass(60_000);
    expect(grows()).not.toEqual([]);
  });
});

describe("a stop", () => {
  test("lets all drain, and is over when all are gone", () => {
    const model = new FleetModel(two).running();
    model.happens({ is: "stop", within: 8_000 });
    expect(model.told()).toEqual(["drain 1 in 8000 (stop)", "drain 2 in 8000 (stop)"]);
    model.dies(1);
    expect(model.told()).toEqual([]);
    model.dies(2);
    expect(model.told()).toEqual(["stopped"]);
  });

  test("kills who has not ended when the time is over", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "stop", within: 8_000 });
    model.told();
    model.pass(10_000);
    expect(model.told()).toEqual(["kill 1"]);
    model.dies(1);
    expect(model.told()).toEqual(["stopped"]);
  });

  test("without limit waits as long as it takes", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "stop", within: Infinity });
    model.told();
    model.pass(1e9);
    expect(model.told()).toEqual([]);
    model.happens({ is: "stop", within: 1_000 });
    expect(model.told()).toEqual(["drain 1 in 1000 (stop)"]);
  });

  test("a second, in more time, gives nobody more", () => {
    const model = new FleetModel(one).running();
    model.happens({ is: "stop", within: 1_000 });
    model.told();
    model.happens({ is: "stop", within: 5_000 });
    expect(model.told()).toEqual([]);
  });

  test("ends a reload, and those that are on their way up", () => {
    const model = new FleetModel(two).running();
    model.happens({ is: "reload" });
    model.told();
    model.happens({ is: "stop", within: 1_000 });
    expect(model.told().filter((line) => line.startsWith("drain") || line.startsWith("not"))).toEqual([
      "not reloaded: the cluster stops",
      "drain 1 in 1000 (stop)",
      "drain 2 in 1000 (stop)",
      "drain 3 in 1000 (stop)",
    ]);
  });

  test("forks nobody for those that wait", () => {
    const model = new FleetModel(one).start();
    model.dies(1);
    model.told();
    model.happens({ is: "stop", within: 1_000 });
    expect(model.told()).toEqual(["stopped"]);
    model.pass(60_000);
    expect(model.told()).toEqual([]);
  });

  test("by force kills all at once", () => {
    const model = new FleetModel(two).running();
    model.happens({ is: "stop", within: Infinity });
    model.told();
    model.happens({ is: "kill" });
    expect(model.told().filter((line) => line.startsWith("kill"))).toEqual(["kill 1", "kill 2"]);
  });
});
