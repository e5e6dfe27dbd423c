import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { createEventLoop, eventLoop } from "../src/index.ts";

describe("defer", () => {
  /** What was written down in one turn that begins in libuv, and right after it. */
  async function turn(begin: (write: (line: string) => void) => void): Promise<string[]> {
    const lines: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(() => {
      begin((line) => lines.push(line));
      setImmediate(resolve);
    });
    await promise;
    return lines;
  }

  test("waits for the end of the turn, its promise reactions included", async () => {
    const lines = await turn((write) => {
      eventLoop.defer(write, "deferred");
      write("now");
      void (async () => {
        for (const round of ["1", "2", "3"]) {
          await undefined;
          write(round);
        }
      })();
    });
    expect(lines).toEqual(["now", "1", "2", "3", "deferred"]);
  });

  test("does so in the middle of promise reactions too", async () => {
    const lines = await turn((write) => {
      void (async () => {
        await undefined;
        eventLoop.defer(write, "deferred");
        for (const round of ["1", "2", "3"]) {
          await undefined;
          write(round);
        }
      })();
    });
    expect(lines).toEqual(["1", "2", "3", "deferred"]);
  });

  test("keeps the order", async () => {
    const lines = await turn((write) => {
      for (const line of ["a", "b", "c"]) eventLoop.defer(write, line);
    });
    expect(lines).toEqual(["a", "b", "c"]);
  });
});

test("time is the clock's", () => {
  const clock = new ManualClock(1000);
  const loop = createEventLoop(clock);
  const rang: string[] = [];
  expect(loop.now()).toBe(1000);
  loop.after(10, () => rang.push("after"));
  loop.deadline(() => rang.push("deadline")).arm(100);
  clock.advance(10);
  expect(rang).toEqual(["after"]);
  clock.advance(600);
  expect(rang).toEqual(["after", "deadline"]);
});

test("a signal calls until it is let go", async () => {
  const seen: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const letGo = eventLoop.onSignal("SIGUSR2", (signal) => {
    seen.push(signal);
    resolve();
  });
  process.kill(process.pid, "SIGUSR2");
  await promise;
  letGo();
  expect(seen).toEqual(["SIGUSR2"]);
  expect(process.listenerCount("SIGUSR2")).toBe(0);
});
