import { expect, test } from "vitest";
import { delay, every } from "../src/index.ts";
import { ManualClock } from "../src/manual.ts";

interface Turn {
  n: number;
  at: number;
}

/** Runs a loop over `every`, and says when each turn came. */
function loop(clock: ManualClock, seconds: number, body: (turn: Turn) => unknown = () => {}) {
  const controller = new AbortController();
  const turns: Turn[] = [];
  const run = async () => {
    for await (const n of every(seconds, { clock, signal: controller.signal })) {
      const turn = { n, at: clock.now() };
      turns.push(turn);
      await body(turn);
    }
    return "ended";
  };
  return { turns, ended: run(), abort: () => controller.abort() };
}

test("turns come at the multiples of the interval and are numbered from 1", async () => {
  const clock = new ManualClock(50);
  const { turns } = loop(clock, 0.25);
  await clock.advanceAsync(1000);
  expect(turns).toEqual([
    { n: 1, at: 300 },
    { n: 2, at: 550 },
    { n: 3, at: 800 },
    { n: 4, at: 1050 },
  ]);
});

test("work within the loop does not make it drift", async () => {
  const clock = new ManualClock();
  const { turns } = loop(clock, 1, () => delay(0.9, { clock }));
  await clock.advanceAsync(100_000);
  expect(turns.at(-1)).toEqual({ n: 100, at: 100_000 });
});

test("turns that fall into a long body are left out, and so are their numbers", async () => {
  const clock = new ManualClock();
  const { turns } = loop(clock, 1, ({ n }) => (n === 2 ? delay(2.5, { clock }) : undefined));
  await clock.advanceAsync(6000);
  expect(turns.map(({ n }) => n)).toEqual([1, 2, 5, 6]);
});

test("the process being busy does not cause a burst", async () => {
  const clock = new ManualClock();
  const { turns } = loop(clock, 1);
  await clock.advanceAsync(500);
  clock.block(4000);
  await clock.advanceAsync(1500);
  expect(turns).toEqual([
    { n: 1, at: 4500 },
    { n: 5, at: 5000 },
    { n: 6, at: 6000 },
  ]);
});

test("an abort ends the loop, without an error, and leaves no alarm behind", async () => {
  const clock = new ManualClock();
  const { turns, ended, abort } = loop(clock, 1);
  await clock.advanceAsync(1000);
  abort();
  expect(await ended).toBe("ended");
  expect(turns).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test("an abort within the body ends it too", async () => {
  const clock = new ManualClock();
  const { turns, ended, abort } = loop(clock, 1, () => abort());
  await clock.advanceAsync(5000);
  expect(await ended).toBe("ended");
  expect(turns).toHaveLength(1);
});

test("a signal that is aborted already lets no turn come", async () => {
  const clock = new ManualClock();
  for await (const _ of every(1, { clock, signal: AbortSignal.abort() })) expect.unreachable();
  expect(clock.pending).toBe(0);
});

test("leaving the loop leaves no alarm behind", async () => {
  const clock = new ManualClock();
  const left = (async () => {
    for await (const n of every(1, { clock })) if (n === 3) break;
  })();
  await clock.advanceAsync(10_000);
  await left;
  expect(clock.pending).toBe(0);
});

test("the first interval begins with the call", async () => {
  const clock = new ManualClock();
  const turns = every(1, { clock });
  clock.advance(400);
  const first = turns.next();
  await clock.advanceAsync(600);
  expect(await first).toEqual({ done: false, value: 1 });
});

test("ref: false lets the process end", () => {
  const clock = new ManualClock();
  every(1, { clock, ref: false }).next();
  expect([clock.pending, clock.isRef]).toEqual([1, false]);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("%d seconds are refused at the call", (seconds) => {
  expect(() => every(seconds)).toThrow(RangeError);
});
