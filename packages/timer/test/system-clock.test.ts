import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../src/index.ts";

const DAY = 24 * 60 * 60 * 1000;

test("an alarm rings once, never early, not even by a fraction", async () => {
  for (const delay of [0, 0.4, 1.6, 3]) {
    const start = systemClock.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    systemClock.after(delay, resolve);
    await promise;
    expect(systemClock.now() - start).toBeGreaterThanOrEqual(delay);
  }
});

test("what nobody is kept alive for does not keep the process alive", async () => {
  const script = `
    import { DeadlineWheel, every, systemClock, timer } from "@sock/timer";
    systemClock.after(60_000, () => {}).unref();
    new DeadlineWheel().deadline(() => {}).arm(60_000);
    timer.add(60, () => {}, { ref: false });
    every(60, { ref: false }).next();
  `;
  const flags = ["--conditions=@sock/source", "--input-type=module", "--eval", script];
  await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname, timeout: 10_000 });
});

describe("with a fake setTimeout", () => {
  afterEach(() => void vi.useRealTimers());

  test("an alarm beyond the 24.8 days of setTimeout rings at its time", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const rang = vi.fn();
    systemClock.after(60 * DAY, rang);
    vi.advanceTimersByTime(60 * DAY - 1);
    expect(rang).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(rang).toHaveBeenCalledOnce();
  });

  test("what does not keep the process alive does not in the second month either", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const timeouts = vi.spyOn(globalThis, "setTimeout");
    systemClock.after(60 * DAY, () => {}).unref();
    vi.advanceTimersByTime(30 * DAY);
    expect(timeouts.mock.results.map(({ value }) => value.hasRef())).toEqual([false, false]);
    timeouts.mockRestore();
  });

  test("an infinite delay is waited for without end", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const rang = vi.fn();
    systemClock.after(Number.POSITIVE_INFINITY, rang);
    vi.advanceTimersByTime(100 * DAY);
    expect(rang).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(1);
  });

  test("cancel works in the second month too", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const alarm = systemClock.after(60 * DAY, () => expect.unreachable());
    vi.advanceTimersByTime(30 * DAY);
    alarm.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
