import { afterEach, describe, expect, test, vi } from "vitest";
import { delay, Timers, type TimersOptions, timer } from "../src/index.ts";
import { ManualClock } from "../src/manual.ts";

function setup(options?: TimersOptions) {
  const clock = new ManualClock();
  const timers = new Timers({ clock, ...options });
  const times: number[] = [];
  const note = () => times.push(clock.now());
  return { clock, timers, times, note };
}

describe("add", () => {
  test("calls every so many seconds", () => {
    const { clock, timers, times, note } = setup();
    timers.add(2.5, note);
    clock.advance(10_000);
    expect(times).toEqual([2500, 5000, 7500, 10_000]);
  });

  test("calls once when not persistent", () => {
    const { clock, timers, times, note } = setup();
    timers.add(2.5, note, [], false);
    expect(timers.size).toBe(1);
    clock.advance(10_000);
    expect(times).toEqual([2500]);
    expect(timers.size).toBe(0);
  });

  test("passes the arguments on", () => {
    const { clock, timers } = setup();
    const positional = vi.fn((_to: string, _times: number) => {});
    const inOptions = vi.fn((_to: string) => {});
    timers.add(1, positional, ["joe", 3]);
    timers.add(1, inOptions, { args: ["jim"] });
    clock.advance(1000);
    expect(positional).toHaveBeenCalledExactlyOnceWith("joe", 3);
    expect(inOptions).toHaveBeenCalledExactlyOnceWith("jim");
  });

  test("the manual's sample: every 2 s, deleted after 20 s by a timer that was given its id", () => {
    const { clock, timers, times, note } = setup();
    const id = timers.add(2, note);
    timers.add(20, (id) => timers.del(id), [id], false);
    clock.advance(60_000);
    expect(times).toEqual([2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_000, 18_000]);
    expect(timers.size).toBe(0);
  });

  test("returns ids that are positive integers and unique in the process", () => {
    const ids = [timer, new Timers(), new Timers(), timer].map((timers) => {
      const id = timers.add(1, () => {});
      timers.del(id);
      return id;
    });
    expect(ids.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("in 0 seconds is after this call", () => {
    const { clock, timers, times, note } = setup();
    timers.add(0, note, [], false);
    expect(times).toEqual([]);
    clock.advance(0);
    expect(times).toEqual([0]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d seconds", (seconds) => {
    const { timers, note } = setup();
    expect(() => timers.add(seconds, note)).toThrow(RangeError);
    expect(() => timers.add(seconds, note, [], false)).toThrow(RangeError);
    expect(timers.size).toBe(0);
  });

  test("refuses 0 seconds again and again", () => {
    const { timers, note } = setup();
    expect(() => timers.add(0, note)).toThrow(RangeError);
  });

  test("refuses what is not a function", () => {
    const { timers } = setup();
    // @ts-expect-error: a string is no function
    expect(() => timers.add(1, "note")).toThrow(TypeError);
  });

  test("takes only arguments that fit the callback", () => {
    const { timers } = setup();
    const greet = (_name: string, _times?: number) => {};
    timers.add(1, greet, ["joe"]);
    timers.add(1, greet, { args: ["joe", 2] });
    // @ts-expect-error: the name is missing
    timers.add(1, greet);
    // @ts-expect-error: the name is missing
    timers.add(1, greet, { persistent: false });
    // @ts-expect-error: the name is no number
    timers.add(1, greet, [1]);
    // @ts-expect-error: the name is no number
    timers.add(1, greet, { args: [1] });
    timers.delAll();
  });
});

describe("del", () => {
  test("stops a timer, and knows whether there was one", () => {
    const { clock, timers, times, note } = setup();
    const id = timers.add(1, note);
    expect(timers.del(id)).toBe(true);
    expect(timers.del(id)).toBe(false);
    expect(timers.del(0)).toBe(false);
    clock.advance(10_000);
    expect(times).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("does not reach the timers of others", () => {
    const { timers, note } = setup();
    expect(new Timers().del(timers.add(1, note))).toBe(false);
    expect(timers.size).toBe(1);
  });

  test("may be called by the timer's own callback", () => {
    const { clock, timers, times, note } = setup();
    const id = timers.add(1, () => {
      note();
      expect(timers.del(id)).toBe(true);
    });
    clock.advance(10_000);
    expect(times).toEqual([1000]);
    expect(clock.pending).toBe(0);
  });

  test("a timer that calls once is deleted just before", () => {
    const { clock, timers, note } = setup();
    const id = timers.add(
      1,
      () => {
        note();
        expect(timers.size).toBe(0);
        expect(timers.del(id)).toBe(false);
      },
      { persistent: false },
    );
    clock.advance(1000);
    expect.assertions(2);
  });

  test("stops a timer that is due at the same time", () => {
    const { clock, timers } = setup();
    timers.add(1, () => timers.del(second));
    const second = timers.add(1, () => expect.unreachable());
    clock.advance(1000);
  });

  test("delAll stops them all", () => {
    const { clock, timers, note } = setup();
    timers.add(1, note);
    timers.add(2, note, [], false);
    timers.delAll();
    expect([timers.size, clock.pending]).toEqual([0, 0]);
    timers.add(1, note);
    expect(timers.size).toBe(1);
  });

  test("disposal stops them all, and no more can be added", () => {
    const { clock, timers, note } = setup();
    timers.add(1, note);
    timers[Symbol.dispose]();
    timers[Symbol.dispose]();
    expect([timers.size, clock.pending]).toEqual([0, 0]);
    expect(() => timers.add(1, note)).toThrow("disposed");
  });
});

describe("a signal", () => {
  test("deletes the timer when it is aborted", () => {
    const { clock, timers, times, note } = setup();
    const controller = new AbortController();
    const id = timers.add(1, note, { signal: controller.signal });
    clock.advance(2500);
    controller.abort();
    clock.advance(2500);
    expect(times).toEqual([1000, 2000]);
    expect(timers.del(id)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test("that is aborted already lets no timer start", () => {
    const { clock, timers, note } = setup();
    expect(timers.add(1, note, { signal: AbortSignal.abort() })).toBeGreaterThan(0);
    expect([timers.size, clock.pending]).toEqual([0, 0]);
  });

  test("is let go with the timer", () => {
    const { clock, timers, note } = setup();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    timers.add(1, note, { signal, persistent: false });
    timers.del(timers.add(1, note, { signal }));
    clock.advance(1000);
    expect(added).toHaveBeenCalledTimes(2);
    expect(removed).toHaveBeenCalledTimes(2);
  });
});

test("ref: false lets the process end, at every call", () => {
  const { clock, timers, note } = setup();
  timers.add(1, note, { ref: false });
  expect(clock.isRef).toBe(false);
  clock.advance(1000);
  expect([clock.pending, clock.isRef]).toEqual([1, false]);
  timers.add(1, note);
  expect(clock.isRef).toBe(true);
});

describe("what is late", () => {
  test("does not make later calls late", () => {
    const { clock, timers, times, note } = setup();
    timers.add(1, () => {
      note();
      clock.block(300);
    });
    clock.advance(100_000);
    expect(times).toHaveLength(100);
    expect(times.at(-1)).toBe(100_000);
  });

  test("comes once, however many calls were due", () => {
    const { clock, timers, times, note } = setup();
    timers.add(1, note);
    clock.block(5300);
    clock.advance(1700);
    expect(times).toEqual([5300, 6000, 7000]);
  });

  test("by the callback's own fault is left out", () => {
    const { clock, timers, times, note } = setup();
    timers.add(1, () => {
      note();
      if (times.length === 2) clock.block(2500);
    });
    clock.advance(6000);
    expect(times).toEqual([1000, 2000, 5000, 6000]);
  });
});

describe("an async callback", () => {
  test("is not called while its promise is pending; then at the next multiple", async () => {
    const { clock, timers, times, note } = setup();
    timers.add(1, async () => {
      note();
      if (times.length === 1) await delay(2.5, { clock });
    });
    await clock.advanceAsync(6000);
    expect(times).toEqual([1000, 4000, 5000, 6000]);
  });

  test("does not make the timer drift", async () => {
    const { clock, timers, times, note } = setup();
    timers.add(1, () => {
      note();
      return delay(0.7, { clock });
    });
    await clock.advanceAsync(10_000);
    expect(times).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((second) => second * 1000));
  });

  test("may delete its timer, or be at work when it is deleted", async () => {
    const { clock, timers, times, note } = setup();
    const id = timers.add(1, async () => {
      note();
      await delay(1.5, { clock });
    });
    await clock.advanceAsync(2000);
    expect(timers.size).toBe(1);
    timers.del(id);
    await clock.advanceAsync(10_000);
    expect(times).toEqual([1000]);
    expect(clock.pending).toBe(0);
  });

  test("may return anything that has a then", async () => {
    const { clock, timers, times, note } = setup();
    timers.add(1, () => {
      note();
      // biome-ignore lint/suspicious/noThenProperty: on purpose
      return { then: (done: () => void) => clock.after(1500, done) };
    });
    await clock.advanceAsync(5000);
    expect(times).toEqual([1000, 3000, 5000]);
  });
});

describe("an error", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("goes to onError with the id, and the timer lives on", async () => {
    const errors: unknown[] = [];
    const { clock, timers } = setup({ onError: (error, id) => errors.push([id, error]) });
    const thrown = timers.add(1, () => {
      throw "thrown";
    });
    const rejected = timers.add(1, () => Promise.reject("rejected"));
    const once = timers.add(1, () => Promise.reject("once"), { persistent: false });
    await clock.advanceAsync(2000);
    expect(errors).toEqual([
      [thrown, "thrown"],
      [rejected, "rejected"],
      [once, "once"],
      [thrown, "thrown"],
      [rejected, "rejected"],
    ]);
  });

  test("of a deleted timer is still told", async () => {
    const onError = vi.fn();
    const { clock, timers } = setup({ onError });
    const id = timers.add(1, async () => {
      await delay(1, { clock });
      throw new Error("too late");
    });
    await clock.advanceAsync(1000);
    timers.del(id);
    await clock.advanceAsync(1000);
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error("too late"), id);
  });

  test("is reported on stderr when no one asked for it", () => {
    const stderr = vi.spyOn(console, "error").mockReturnValue();
    const { clock, timers } = setup();
    const error = new Error("of a callback");
    const id = timers.add(1, () => {
      throw error;
    });
    clock.advance(1000);
    expect(stderr).toHaveBeenCalledExactlyOnceWith(`timer ${id} failed:`, error);
  });

  test("may delete the timer by its handler", () => {
    const { clock, timers } = setup({ onError: (_, id) => timers.del(id) });
    timers.add(1, () => {
      throw new Error("once is enough");
    });
    clock.advance(1000);
    expect([timers.size, clock.pending]).toEqual([0, 0]);
  });

  test("of the handler comes out, and the timer lives on", () => {
    const { clock, timers, times, note } = setup({
      onError() {
        throw new Error("of the handler");
      },
    });
    timers.add(1, () => {
      note();
      throw new Error("of the callback");
    });
    expect(() => clock.advance(1000)).toThrow("of the handler");
    expect(() => clock.advance(1000)).toThrow("of the handler");
    expect(times).toEqual([1000, 2000]);
  });
});

test("by the system's clock, it comes in time", async () => {
  const start = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  const id = timer.add(0.002, () => performance.now() - start > 6 && resolve());
  await promise;
  expect(timer.del(id)).toBe(true);
});
