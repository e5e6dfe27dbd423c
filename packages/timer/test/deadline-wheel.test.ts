import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DeadlineWheel, type DeadlineWheelOptions } from "../src/index.ts";
import { ManualClock } from "../src/manual.ts";

function setup(options?: DeadlineWheelOptions) {
  const clock = new ManualClock(12.5);
  const wheel = new DeadlineWheel({ clock, ...options });
  const met: number[] = [];
  const note = () => met.push(clock.now());
  return { clock, wheel, met, note };
}

describe("a deadline", () => {
  test("is met once, not early, and late by one resolution at most", () => {
    const { clock, wheel, met, note } = setup();
    wheel.deadline(note).arm(60_000);
    clock.advance(120_000);
    expect(met).toHaveLength(1);
    expect(met[0]).toBeGreaterThanOrEqual(12.5 + 60_000);
    expect(met[0]).toBeLessThanOrEqual(12.5 + 60_500);
  });

  test("armed again counts from then, later or sooner", () => {
    const { clock, wheel, met, note } = setup({ resolution: 10 });
    const deadline = wheel.deadline(note);
    for (let chunk = 0; chunk < 100; chunk++) {
      deadline.arm(1000);
      clock.advance(900);
    }
    expect(met).toEqual([]);
    deadline.arm(100);
    clock.advance(110);
    expect(met).toHaveLength(1);
  });

  test("disarmed is not met", () => {
    const { clock, wheel, note, met } = setup();
    const deadline = wheel.deadline(note);
    deadline.arm(1000);
    clock.advance(900);
    deadline.disarm();
    deadline.disarm();
    clock.advance(10_000);
    expect(met).toEqual([]);
  });

  test("tells whether it is armed", () => {
    const { clock, wheel } = setup();
    const deadline = wheel.deadline(() => expect(deadline.isArmed).toBe(false));
    expect(deadline.isArmed).toBe(false);
    deadline.arm(1000);
    expect(deadline.isArmed).toBe(true);
    deadline.disarm();
    expect(deadline.isArmed).toBe(false);
    deadline.arm(1000);
    clock.advance(2000);
    expect.assertions(4);
  });

  test("of 0 ms is met with the next tick, not within the call", () => {
    const { clock, wheel, met, note } = setup();
    wheel.deadline(note).arm(0);
    expect(met).toEqual([]);
    clock.advance(500);
    expect(met).toHaveLength(1);
  });

  test("may be further away than a turn of the wheel", () => {
    const { clock, wheel, met, note } = setup({ resolution: 2 });
    wheel.deadline(note).arm(60_000);
    clock.advance(59_999);
    expect(met).toEqual([]);
    clock.advance(3);
    expect(met).toHaveLength(1);
  });

  test("is met at once when the process was busy for turns of the wheel", () => {
    for (let idle = 500; idle < 530; idle++) {
      const { clock, wheel, met, note } = setup({ resolution: 2 });
      wheel.deadline(note).arm(1100);
      clock.advance(idle);
      clock.block(2000);
      clock.advance(0);
      expect(met).toHaveLength(1);
    }
  });

  test("of Infinity never comes", () => {
    const { clock, wheel } = setup();
    const deadline = wheel.deadline(() => expect.unreachable());
    deadline.arm(Number.POSITIVE_INFINITY);
    clock.advance(1_000_000);
    expect(deadline.isArmed).toBe(true);
  });

  test.each([-1, Number.NaN])("of %d ms is refused, and the one before stays", (ms) => {
    const { clock, wheel, met, note } = setup();
    const deadline = wheel.deadline(note);
    deadline.arm(1000);
    expect(() => deadline.arm(ms)).toThrow(RangeError);
    clock.advance(1500);
    expect(met).toHaveLength(1);
  });

  test("armed while the process is busy is not early when it no longer is", () => {
    const { clock, wheel, met, note } = setup();
    const deadline = wheel.deadline(note);
    deadline.arm(1000);
    clock.block(9000);
    deadline.arm(1000);
    clock.advance(999);
    expect(met).toEqual([]);
    clock.advance(501);
    expect(met).toHaveLength(1);
  });
});

describe("a callback", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("may arm its own deadline again", () => {
    const { clock, wheel, met, note } = setup({ resolution: 10 });
    const deadline = wheel.deadline(() => {
      note();
      deadline.arm(0);
    });
    deadline.arm(0);
    clock.advance(100);
    expect(met.length).toBeGreaterThanOrEqual(10);
    expect(new Set(met).size).toBe(met.length);
  });

  test("may disarm, put off and arm others that are due in the same tick", () => {
    const { clock, wheel, met, note } = setup();
    wheel
      .deadline(() => {
        disarmed.disarm();
        putOff.arm(5000);
        sooner.arm(100);
        unarmed.arm(1000);
      })
      .arm(1000);
    const disarmed = wheel.deadline(() => expect.unreachable());
    const putOff = wheel.deadline(note);
    const sooner = wheel.deadline(note);
    const unarmed = wheel.deadline(note);
    for (const deadline of [disarmed, putOff, sooner]) deadline.arm(1000);
    clock.advance(1500);
    expect(wheel.armed).toBe(3);
    clock.advance(600);
    expect(met).toHaveLength(1);
    clock.advance(900);
    expect(met).toHaveLength(2);
    clock.advance(4000);
    expect(met).toHaveLength(3);
  });

  test("runs in the async context that the wheel was made in", () => {
    const context = new AsyncLocalStorage<string>();
    const { clock, wheel } = context.run("the server's", setup);
    const deadline = wheel.deadline(() => expect(context.getStore()).toBe("the server's"));
    context.run("a request's", () => deadline.arm(1000));
    clock.advance(1500);
    expect.assertions(1);
  });

  test("that throws does not keep the others from being called", () => {
    const errors: unknown[] = [];
    const { clock, wheel, met, note } = setup({ onError: (error) => errors.push(error) });
    const fails = () => {
      throw "thrown";
    };
    for (const callback of [note, fails, note, fails, note]) wheel.deadline(callback).arm(1000);
    clock.advance(1500);
    expect(met).toHaveLength(3);
    expect(errors).toEqual(["thrown", "thrown"]);
  });

  test("that throws is reported on stderr when no one asked for it", () => {
    const stderr = vi.spyOn(console, "error").mockReturnValue();
    const { clock, wheel } = setup();
    const error = new Error("of a callback");
    wheel
      .deadline(() => {
        throw error;
      })
      .arm(1000);
    clock.advance(1500);
    expect(stderr).toHaveBeenCalledExactlyOnceWith("a deadline's callback failed:", error);
  });

  test("of an error handler that throws too, the others are called at the next tick", () => {
    const { clock, wheel, met, note } = setup({
      onError(error) {
        throw error;
      },
    });
    const fails = () => {
      throw new Error("thrown");
    };
    for (const callback of [fails, note]) wheel.deadline(callback).arm(1000);
    expect(() => clock.advance(1500)).toThrow("thrown");
    expect(met).toEqual([]);
    clock.advance(250);
    expect(met).toHaveLength(1);
  });

  test("may dispose of the wheel", () => {
    const { clock, wheel, met, note } = setup();
    wheel.deadline(() => wheel[Symbol.dispose]()).arm(1000);
    wheel.deadline(note).arm(1000);
    clock.advance(10_000);
    expect(met).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe("the alarm", () => {
  test("is one for 100,000 deadlines, and does not keep the process alive", () => {
    const { clock, wheel, met, note } = setup();
    const deadlines = Array.from({ length: 100_000 }, () => wheel.deadline(note));
    for (const deadline of deadlines) deadline.arm(1000);
    for (const deadline of deadlines) deadline.arm(2000);
    expect(wheel.armed).toBe(100_000);
    expect([clock.pending, clock.isRef]).toEqual([1, false]);
    clock.advance(1000);
    expect([clock.pending, clock.isRef]).toEqual([1, false]);
    clock.advance(1500);
    expect(met).toHaveLength(100_000);
    expect(wheel.armed).toBe(0);
  });

  test("is not set before the first deadline is armed", () => {
    const { clock, wheel, note } = setup();
    wheel.deadline(note);
    expect(clock.pending).toBe(0);
  });

  test("goes within half a resolution after the last is disarmed", () => {
    const { clock, wheel, note } = setup();
    const deadline = wheel.deadline(note);
    deadline.arm(1000);
    deadline.disarm();
    clock.advance(250);
    expect(clock.pending).toBe(0);
  });

  test("is set again when a deadline is armed after a rest", () => {
    const { clock, wheel, met, note } = setup();
    const deadline = wheel.deadline(note);
    deadline.arm(1000);
    clock.advance(2000);
    expect(clock.pending).toBe(0);
    clock.advance(77_777.7);
    const start = clock.now();
    deadline.arm(1000);
    clock.advance(2000);
    expect(met[1]).toBeGreaterThanOrEqual(start + 1000);
    expect(met[1]).toBeLessThanOrEqual(start + 1500);
  });
});

test("disposal disarms all, and none can be armed again", () => {
  const { clock, wheel } = setup();
  const deadline = wheel.deadline(() => expect.unreachable());
  deadline.arm(1000);
  wheel[Symbol.dispose]();
  wheel[Symbol.dispose]();
  expect([wheel.armed, deadline.isArmed, clock.pending]).toEqual([0, false, 0]);
  expect(() => deadline.arm(1000)).toThrow("disposed");
  expect(deadline.isArmed).toBe(false);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a resolution of %d ms is refused", (resolution) => {
  expect(() => new DeadlineWheel({ resolution })).toThrow(RangeError);
});

test("by the system's clock, a deadline is met in time", async () => {
  const wheel = new DeadlineWheel({ resolution: 4 });
  const start = performance.now();
  // Something else must keep the process alive meanwhile.
  const alive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => wheel.deadline(resolve).arm(3));
  clearInterval(alive);
  expect(performance.now() - start).toBeGreaterThanOrEqual(3);
});
