import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fleet, FleetSettings } from "../src/process/fleet.ts";
import { type Check, FleetModel } from "./support/fleet-model.ts";

const someWorkers = fc.array(
  fc.record({ name: fc.constant("web"), count: fc.integer({ min: 1, max: 3 }), reloadable: fc.boolean() }),
  { minLength: 1, maxLength: 3 },
);

const settings: fc.Arbitrary<FleetSettings> = fc.record({
  workers: someWorkers,
  startTimeout: fc.constantFrom(1_000, 10_000),
  drainTimeout: fc.constantFrom(0, 5_000, Infinity),
  reloadShare: fc.constantFrom(0, 0.5, 1),
});

/** What may happen to a running fleet. `which`: one of the processes there are. */
const happening = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant("ready" as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant("gone" as const), which: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant("pass" as const), ms: fc.nat(12_000) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("reload" as const) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("recycle" as const), which: fc.nat(20) }) },
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function live(model: FleetModel, happenings: readonly Happening[]): void {
  for (const what of happenings) {
    if (what.is === "pass") model.pass(what.ms);
    else if (what.is === "reload") model.happens({ is: "reload" });
    else {
      const { processes } = model.fleet;
      const process = processes[what.which % Math.max(1, processes.length)]?.key ?? 0;
      if (what.is === "ready") model.ready(process);
      else if (what.is === "gone") model.dies(process);
      else model.happens({ is: "recycle", process, why: "it is large" });
    }
  }
}

function always(check: Check): void {
  fc.assert(
    fc.property(settings, fc.array(happening, { maxLength: 80 }), (some, happenings) => {
      const model = new FleetModel(some, check);
      model.start();
      live(model, happenings);
    }),
    { numRuns: 500 },
  );
}

function readySlots(fleet: Fleet): Set<number> {
  return new Set(fleet.processes.filter(({ state }) => state === "ready").map(({ slot }) => slot));
}

describe("whatever happens to a fleet that runs", () => {
  test("what is planned never takes the last ready process of a slot", () => {
    always((before, after, event) => {
      const lost = new Set<number>();
      for (const { key, slot } of before.processes)
        if (event.is === "gone" && event.process === key) lost.add(slot);
      const now = readySlots(after);
      for (const slot of readySlots(before)) if (!lost.has(slot)) expect(now).toContain(slot);
    });
  });

  test("a slot has one ready process at most, and one on its way up", () => {
    always((_, { processes }) => {
      for (const state of ["ready", "starting"]) {
        const slots = processes.filter((process) => process.state === state).map(({ slot }) => slot);
        expect(slots.length).toBe(new Set(slots).size);
      }
    });
  });

  test("no slot is forgotten: it has a process, or a time for the next try", () => {
    always((_, { processes, slots }) => {
      for (const [at, slot] of slots.entries()) {
        const isFilled = processes.some(
          (process) => process.slot === at && (process.state === "ready" || process.state === "starting"),
        );
        expect(isFilled || slot.isWaiting || slot.forkAt !== undefined).toBe(true);
        // And not two ways to be filled.
        if (isFilled) expect([slot.isWaiting, slot.forkAt]).toEqual([false, undefined]);
      }
    });
  });

  test("only as many are replaced at a time as may be", () => {
    always((_, { processes, settings: { workers, reloadShare } }) => {
      const reloadable = workers.reduce((sum, worker) => sum + (worker.reloadable ? worker.count : 0), 0);
      const replacing = (cause: string) =>
        processes.filter((process) => process.state === "starting" && process.cause === cause).length;
      expect(replacing("reload")).toBeLessThanOrEqual(Math.max(1, Math.floor(reloadable * reloadShare)));
      expect(replacing("recycle")).toBeLessThanOrEqual(1);
    });
  });

  test("a reload forks no process of a Worker that is not reloadable", () => {
    always((_, after, __, actions) => {
      for (const action of actions)
        if (action.do === "fork" && action.cause === "reload")
          expect(after.settings.workers[action.worker]?.reloadable).toBe(true);
    });
  });

  test("once all come up that are forked, every slot has its process and every reload its end", () => {
    fc.assert(
      fc.property(settings, fc.array(happening, { maxLength: 80 }), (some, happenings) => {
        const model = new FleetModel(some);
        model.start();
        live(model, happenings);
        for (let i = 0; i < 200; i++) {
          model.everyone("starting", (process) => model.ready(process));
          model.everyone("cut", (process) => model.dies(process));
          model.pass(500);
        }
        expect(readySlots(model.fleet).size).toBe(model.fleet.slots.length);
        expect(model.fleet.reload).toBeUndefined();
        expect(model.fleet.isStarted).toBe(true);
      }),
    );
  });

  test("a stop is over when all are gone, and nothing is forked any more", () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(happening, { maxLength: 80 }),
        fc.constantFrom(0, 1_000),
        (some, happenings, within) => {
          const model = new FleetModel(some);
          model.start();
          live(model, happenings);
          const { forks } = model;
          model.happens({ is: "stop", within });
          model.everyone("starting", (process) => model.ready(process));
          model.pass(within + 2_000);
          // Whoever has not ended has been killed.
          expect(model.fleet.processes.every(({ state }) => state === "cut")).toBe(true);
          model.everyone("cut", (process) => model.dies(process));
          expect(model.fleet.state).toBe("stopped");
          expect(model.forks).toBe(forks);
        },
      ),
    );
  });

  test("those that always die before they are ready are forked at most ten times in 17 seconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 500 }), (count, life) => {
        const model = new FleetModel({ workers: [{ name: "web", count, reloadable: true }] }).start();
        while (model.now < 17_000) {
          model.pass(life);
          model.everyone("starting", (process) => model.dies(process));
        }
        expect(model.forks).toBeLessThanOrEqual(10);
      }),
    );
  });

  test("a fleet is a value: planning changes nothing of the one before", () => {
    always((before, after) => {
      expect(after).not.toBe(before);
      Object.freeze(after);
      Object.freeze(after.processes);
      for (const part of [...after.processes, ...after.slots, ...after.crews]) Object.freeze(part);
    });
  });
});
