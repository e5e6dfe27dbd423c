import fc from "fast-check";
import { expect, test } from "vitest";
import { type Deadline, DeadlineWheel, delay, Timers } from "../src/index.ts";
import { ManualClock } from "../src/manual.ts";

const seconds = (ms: number) => ms / 1000;
// Exact in binary, as seconds too: a model that counts must not differ by rounding.
const eighths = (max: number) => fc.integer({ min: 1, max }).map((n) => n * 125);
const duration = (max: number) => fc.double({ min: 0, max, noNaN: true });

const ROUNDING = 1e-6;

test("a manual clock rings every alarm at its time, in order of time and then of arming", () => {
  const alarm = fc.record({ delay: fc.integer({ min: 0, max: 20 }), isCancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(alarm), fc.array(fc.integer({ min: 0, max: 10 })), (alarms, steps) => {
      const clock = new ManualClock();
      const rang: number[] = [];
      for (const [i, { delay, isCancelled }] of alarms.entries()) {
        const alarm = clock.after(delay, () => {
          expect(clock.now()).toBe(delay);
          rang.push(i);
        });
        if (isCancelled) alarm.cancel();
      }
      for (const step of steps) clock.advance(step);

      const expected = [...alarms.entries()]
        .filter(([, { delay, isCancelled }]) => delay <= clock.now() && !isCancelled)
        .sort(([, a], [, b]) => a.delay - b.delay);
      // advance(0) is what rings an alarm of 0 ms, so without steps none does.
      expect(rang).toEqual(steps.length === 0 ? [] : expected.map(([i]) => i));
    }),
  );
});

test("timers do as a model does that looks at each of them every eighth of a second", () => {
  const add = fc.record({ do: fc.constant("add" as const), ms: eighths(40), persistent: fc.boolean() });
  const del = fc.record({ do: fc.constant("del" as const), which: fc.nat(9) });
  const pass = fc.record({ do: fc.constantFrom("advance" as const, "block" as const), ms: eighths(80) });

  fc.assert(
    fc.property(fc.array(fc.oneof(add, del, pass), { maxLength: 40, size: "max" }), (commands) => {
      const clock = new ManualClock();
      const timers = new Timers({ clock });
      const ids: number[] = [];
      const calls: string[] = [];
      const model = new Map<number, { start: number; due: number; ms: number; persistent: boolean }>();
      const expected: string[] = [];
      let time = 0;

      const look = () => {
        for (const [i, timer] of model) {
          if (timer.due > time) continue;
          expected.push(`${i} at ${time}`);
          if (!timer.persistent) model.delete(i);
          while (timer.due <= time) timer.due += timer.ms;
        }
      };

      for (const command of commands) {
        if (command.do === "add") {
          const { ms, persistent } = command;
          const i = ids.length;
          model.set(i, { start: time, due: time + ms, ms, persistent });
          ids.push(timers.add(seconds(ms), (i) => calls.push(`${i} at ${clock.now()}`), [i], persistent));
        } else if (command.do === "del") {
          expect(timers.del(ids[command.which] ?? 0)).toBe(model.delete(command.which));
        } else if (command.do === "block") {
          clock.block(command.ms);
          time += command.ms;
        } else {
          clock.advance(command.ms);
          look();
          for (const end = time + command.ms; time < end; look()) time += 125;
        }
        expect(timers.size).toBe(model.size);
      }
      expect(calls.sort()).toEqual(expected.sort());
    }),
  );
});

test("calls of one timer never overlap, are due at multiples, and end with the timer", async () => {
  const works = fc.array(fc.record({ ms: fc.nat(3000), fails: fc.boolean() }), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(eighths(16), works, async (interval, works) => {
      const clock = new ManualClock();
      let errors = 0;
      const timers = new Timers({ clock, onError: () => errors++ });
      let isAtWork = false;
      let idleSince = 0;
      let call = 0;

      timers.add(seconds(interval), async () => {
        const { ms, fails } = works[call++ % works.length] ?? { ms: 0, fails: false };
        expect(isAtWork).toBe(false);
        expect(clock.now() % interval).toBe(0);
        expect(clock.now() - idleSince).toBeLessThanOrEqual(interval);
        isAtWork = true;
        if (ms > 0) await delay(seconds(ms), { clock });
        isAtWork = false;
        idleSince = clock.now();
        if (fails) throw new Error("after work");
      });

      await clock.advanceAsync(20_000);
      expect(call).toBeGreaterThan(0);
      expect(errors).toBeLessThanOrEqual(call);
      timers.delAll();
      const before = call;
      await clock.advanceAsync(20_000);
      expect(call).toBe(before);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("a wheel meets every deadline, never early and late by one resolution at most, and no other", () => {
  const which = fc.nat(7);
  // At a resolution of 2 ms a turn takes 512 ms, so that some are several turns away.
  const ms = fc.oneof(fc.nat(20), fc.nat(3000), duration(700), fc.constant(Number.POSITIVE_INFINITY));
  const arm = fc.record({ do: fc.constant("arm" as const), which, ms });
  const disarm = fc.record({ do: fc.constant("disarm" as const), which });
  const advance = fc.record({
    do: fc.constant("advance" as const),
    ms: fc.oneof(fc.nat(2000), duration(10)),
  });
  const block = fc.record({ do: fc.constant("block" as const), ms: fc.oneof(fc.nat(1500), duration(10)) });

  const resolutions = fc.constantFrom(2, 7.3, 500);
  const commands = fc.array(fc.oneof(arm, arm, disarm, advance, advance, block), {
    maxLength: 60,
    size: "max",
  });
  const reactions = fc.array(fc.array(fc.oneof(arm, disarm, block), { maxLength: 3 }), {
    maxLength: 20,
    size: "max",
  });

  fc.assert(
    fc.property(resolutions, commands, reactions, (resolution, commands, reactions) => {
      const world = new WheelWorld(resolution, [...reactions]);
      for (const command of commands) world.run(command);
      world.checkEnd();
    }),
    { numRuns: 1000 },
  );
});

type Command = { do: "arm"; which: number; ms: number } | { do: "disarm"; which: number } | Passing;
type Passing = { do: "advance" | "block"; ms: number };

interface Armed {
  ms: number;
  /** Not before this. */
  due: number;
  /** Counted from this at the latest. */
  counted: number;
  /** Not after this. */
  latest: number;
}

/** A wheel of eight deadlines beside a map of what is armed. */
class WheelWorld {
  readonly #clock = new ManualClock(0.1);
  readonly #wheel: DeadlineWheel;
  readonly #deadlines: Deadline[];
  readonly #resolution: number;
  readonly #reactions: Command[][];
  readonly #armed = new Map<number, Armed>();
  readonly #errors: unknown[] = [];

  constructor(resolution: number, reactions: Command[][]) {
    this.#resolution = resolution;
    this.#reactions = reactions;
    this.#wheel = new DeadlineWheel({
      clock: this.#clock,
      resolution,
      onError: (error) => this.#errors.push(error),
    });
    this.#deadlines = Array.from({ length: 8 }, (_, i) => this.#wheel.deadline(() => this.#met(i)));
  }

  run(command: Command): void {
    if (command.do === "arm") {
      this.#deadlines[command.which]?.arm(command.ms);
      this.#armed.set(command.which, this.#timesOf(command.ms));
    } else if (command.do === "disarm") {
      this.#deadlines[command.which]?.disarm();
      this.#armed.delete(command.which);
    } else if (command.do === "block") {
      this.#block(command.ms);
    } else {
      this.#clock.advance(command.ms);
      for (const i of this.#armed.keys()) this.#checkNotLate(i);
      expect(this.#errors).toEqual([]);
    }
    this.#checkArmed();
  }

  /** Whatever is armed is met, and then the wheel is at rest. */
  checkEnd(): void {
    this.#reactions.length = 0;
    for (const [i, { due }] of this.#armed)
      if (due === Number.POSITIVE_INFINITY) this.run({ do: "disarm", which: i });
    this.run({ do: "advance", ms: 4000 + 2 * this.#resolution });
    expect(this.#wheel.armed).toBe(0);
    this.run({ do: "advance", ms: this.#resolution });
    expect(this.#clock.pending).toBe(0);
  }

  #met(i: number): void {
    const deadline = this.#armed.get(i) ?? expect.unreachable(`deadline ${i} is not armed`);
    expect(this.#clock.now()).toBeGreaterThanOrEqual(deadline.due - ROUNDING);
    this.#checkNotLate(i);
    this.#armed.delete(i);
    this.#checkArmed();
    for (const command of this.#reactions.pop() ?? []) this.run(command);
  }

  // It counts from within half a resolution, and is met within another half.
  #timesOf(ms: number): Armed {
    const now = this.#clock.now();
    const counted = now + this.#resolution / 2;
    return { ms, due: now + ms, counted, latest: counted + ms + this.#resolution / 2 };
  }

  // Whatever ought to happen while the process is busy may happen when it no longer is.
  #block(ms: number): void {
    const start = this.#clock.now();
    this.#clock.block(ms);
    const end = this.#clock.now();
    for (const armed of this.#armed.values()) {
      if (armed.counted >= start - ROUNDING) {
        armed.counted = Math.max(armed.counted, end);
        armed.latest = armed.counted + armed.ms + this.#resolution / 2;
      }
      if (armed.latest >= start - ROUNDING) armed.latest = Math.max(armed.latest, end);
    }
  }

  #checkNotLate(i: number): void {
    const { latest } = this.#armed.get(i) ?? expect.unreachable();
    expect(this.#clock.now()).toBeLessThanOrEqual(latest + ROUNDING);
  }

  #checkArmed(): void {
    const armed = this.#deadlines.flatMap((deadline, i) => (deadline.isArmed ? [i] : []));
    expect(armed).toEqual([...this.#armed.keys()].sort());
    expect(this.#wheel.armed).toBe(armed.length);
  }
}
