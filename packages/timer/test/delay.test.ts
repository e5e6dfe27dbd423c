import { expect, test, vi } from "vitest";
import { delay } from "../src/index.ts";
import { ManualClock } from "../src/manual.ts";

test("a delay resolves at its time", async () => {
  const clock = new ManualClock();
  let isOver = false;
  void delay(1.5, { clock }).then(() => {
    isOver = true;
  });
  await clock.advanceAsync(1499);
  expect(isOver).toBe(false);
  await clock.advanceAsync(1);
  expect(isOver).toBe(true);
});

test("an abort rejects it with the signal's reason and leaves no alarm behind", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const waiting = delay(10, { clock, signal: controller.signal });
  controller.abort(new Error("changed my mind"));
  await expect(waiting).rejects.toThrow("changed my mind");
  expect(clock.pending).toBe(0);
});

test("a signal that is aborted already rejects it at once", async () => {
  const clock = new ManualClock();
  await expect(delay(10, { clock, signal: AbortSignal.abort() })).rejects.toHaveProperty(
    "name",
    "AbortError",
  );
  expect(clock.pending).toBe(0);
});

test("an abort after the end changes nothing", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const waiting = delay(1, { clock, signal: controller.signal });
  clock.advance(1000);
  controller.abort();
  await waiting;
});

test("the signal is let go at the end", async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, "removeEventListener");
  const waiting = delay(1, { clock, signal });
  clock.advance(1000);
  await waiting;
  expect(removed).toHaveBeenCalledOnce();
});

test("ref: false lets the process end", () => {
  const clock = new ManualClock();
  void delay(1, { clock, ref: false });
  expect([clock.pending, clock.isRef]).toEqual([1, false]);
});

test.each([-0.001, Number.NaN, Number.POSITIVE_INFINITY])("%d seconds are refused at the call", (seconds) => {
  expect(() => delay(seconds)).toThrow(RangeError);
});

test("by the system's clock, it takes its time", async () => {
  const start = performance.now();
  await delay(0.003);
  expect(performance.now() - start).toBeGreaterThanOrEqual(3);
});
