import { describe, expect, test } from "vitest";
import { ManualClock } from "../src/manual.ts";

describe("advance", () => {
  test("runs what falls due in order of time, equals in order of arming", () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const note = (name: string) => () => log.push(`${name} at ${clock.now()}`);
    clock.after(20, note("c"));
    clock.after(10, note("a"));
    clock.after(20, note("d"));
    clock.after(10.5, note("b"));
    clock.after(21, note("e"));
    clock.advance(20);
    expect(log).toEqual(["a at 10", "b at 10.5", "c at 20", "d at 20"]);
    expect(clock.now()).toBe(20);
  });

  test("runs what callbacks arm, if it falls due on the way", () => {
    const clock = new ManualClock();
    const log: number[] = [];
    const again = () => {
      log.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(log).toEqual([10, 20, 30]);
    expect(clock.next).toBe(40);
  });

  test("does not run what was cancelled on the way", () => {
    const clock = new ManualClock();
    const cancelled = clock.after(10, () => expect.unreachable());
    clock.after(5, () => cancelled.cancel());
    clock.advance(20);
    expect(clock.pending).toBe(0);
  });

  test("by 0 ms runs what is due now", () => {
    const clock = new ManualClock();
    const log: string[] = [];
    clock.after(0, () => log.push("now"));
    clock.after(-5, () => log.push("as soon as possible"));
    expect(log).toEqual([]);
    clock.advance(0);
    expect(log).toEqual(["now", "as soon as possible"]);
  });

  test("throws what a callback throws, and can be repeated", () => {
    const clock = new ManualClock();
    clock.after(10, () => {
      throw new Error("in a callback");
    });
    let rang = false;
    clock.after(10, () => {
      rang = true;
    });
    expect(() => clock.advance(50)).toThrow("in a callback");
    expect(clock.now()).toBe(10);
    clock.advance(0);
    expect(rang).toBe(true);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses to move by %d", (ms) => {
    expect(() => new ManualClock().advance(ms)).toThrow(RangeError);
  });
});

describe("advanceAsync", () => {
  test("lets promises settle before, between and after the callbacks, however long the chain", async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const slowly = async (name: string) => {
      for (let turn = 0; turn < 100; turn++) await undefined;
      log.push(`${name} at ${clock.now()}`);
    };
    void slowly("before");
    clock.after(10, () => slowly("first"));
    clock.after(10, () => slowly("second"));
    clock.after(20, () => slowly("last"));
    await clock.advanceAsync(20);
    expect(log).toEqual(["before at 0", "first at 10", "second at 10", "last at 20"]);
  });

  test("lets process.nextTick run as well", async () => {
    const clock = new ManualClock();
    let isDone = false;
    clock.after(10, async () => {
      for (let turn = 0; turn < 100; turn++) await new Promise<void>((resolve) => process.nextTick(resolve));
      isDone = true;
    });
    await clock.advanceAsync(10);
    expect(isDone).toBe(true);
  });

  test("runs what promises arm on the way", async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
    void (async () => {
      for (;;) {
        await sleep(10);
        times.push(clock.now());
      }
    })();
    await clock.advanceAsync(45);
    expect(times).toEqual([10, 20, 30, 40]);
    expect(clock.now()).toBe(45);
  });
});

test("block lets time pass with nothing run; what fell due runs late", () => {
  const clock = new ManualClock();
  const log: string[] = [];
  clock.after(10, () => log.push(`a at ${clock.now()}`));
  clock.after(40, () => log.push(`b at ${clock.now()}`));
  clock.block(30);
  expect(log).toEqual([]);
  clock.advance(10);
  expect(log).toEqual(["a at 30", "b at 40"]);
});

test("pending and next tell what is to come", () => {
  const clock = new ManualClock(1000);
  expect(clock.now()).toBe(1000);
  expect(clock.next).toBe(undefined);
  const alarm = clock.after(20, () => {});
  clock.after(30, () => {});
  expect([clock.pending, clock.next]).toEqual([2, 1020]);
  alarm.cancel();
  alarm.cancel();
  expect([clock.pending, clock.next]).toEqual([1, 1030]);
});

test("isRef tells whether an alarm would keep the process alive", () => {
  const clock = new ManualClock();
  expect(clock.isRef).toBe(false);
  const alarm = clock.after(20, () => {});
  expect(clock.isRef).toBe(true);
  alarm.unref();
  expect(clock.isRef).toBe(false);
  alarm.ref();
  expect(clock.isRef).toBe(true);
});

test("an infinite delay never ends", () => {
  const clock = new ManualClock();
  clock.after(Number.POSITIVE_INFINITY, () => expect.unreachable());
  clock.advance(Number.MAX_VALUE);
  expect(clock.pending).toBe(1);
});
