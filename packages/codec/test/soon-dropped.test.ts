import { constants, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { soonDropped } from "../src/index.ts";

test.each([0, 1, 2047, 2048, 300_000])("%i bytes come back as they went", (size) => {
  const memory = Buffer.alloc(size, 7);
  expect(soonDropped(memory)).toBe(memory);
  expect(memory.every((byte) => byte === 7)).toBe(true);
});

test("a gigabyte of large buffers is scavenged, and not marked for sixteen times", async () => {
  const counts = { scavenged: 0, marked: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MINOR) counts.scavenged++;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) counts.marked++;
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  for (let n = 0; n < 64; n++) {
    for (let m = 0; m < 1024; m++) soonDropped(Buffer.allocUnsafeSlow(16 * 1024));
    await sleep(0);
  }
  observer.disconnect();
  expect(counts.scavenged).toBeGreaterThan(16);
  expect(counts.marked).toBeLessThan(8);
});
