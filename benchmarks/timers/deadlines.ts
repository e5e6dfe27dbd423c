// A process that holds idle deadlines, each way in turn, and tells what each step costs. Asked by suites/timers.ts.
import { type Deadline, DeadlineWheel } from "@sock/timer";
import { answer } from "../method/child.ts";

const IDLE = 60_000;

/** A way to hold deadlines, each step for one of them. */
interface Holder {
  open(i: number): void;
  again(i: number): void;
  close(i: number): void;
}

/** Nanoseconds a deadline, by step, and bytes a deadline. */
export interface Cost {
  arm: number;
  again: number;
  disarm: number;
  bytes: number;
}

const holders: Record<string, Holder> = {
  DeadlineWheel: wheel(),
  "setTimeout, refresh": refresh(),
  "setTimeout, set anew": setAnew(),
};

answer({
  names: () => Object.keys(holders),

  round(name: string, count: number): Cost {
    const holder = holders[name]!;
    const empty = heap();
    const arm = nanoseconds(holder.open, count);
    const bytes = (heap() - empty) / count;
    const again = nanoseconds(holder.again, count);
    const disarm = nanoseconds(holder.close, count);
    return { arm, again, disarm, bytes };
  },
});

function wheel(): Holder {
  const wheel = new DeadlineWheel();
  const deadlines: (Deadline | undefined)[] = [];
  return {
    open(i) {
      const deadline = wheel.deadline(missed);
      deadline.arm(IDLE);
      deadlines[i] = deadline;
    },
    again: (i) => deadlines[i]?.arm(IDLE),
    close(i) {
      deadlines[i]?.disarm();
      deadlines[i] = undefined;
    },
  };
}

function refresh(): Holder {
  const timeouts: (NodeJS.Timeout | undefined)[] = [];
  return {
    open(i) {
      timeouts[i] = setTimeout(missed, IDLE).unref();
    },
    again: (i) => timeouts[i]?.refresh(),
    close(i) {
      clearTimeout(timeouts[i]);
      timeouts[i] = undefined;
    },
  };
}

function setAnew(): Holder {
  const { open, close } = refresh();
  return {
    open,
    again(i) {
      close(i);
      open(i);
    },
    close,
  };
}

function nanoseconds(step: (i: number) => void, count: number): number {
  const start = performance.now();
  // Peers do not speak in the order in which memory was given to them.
  for (let i = 0; i < count; i++) step((i * 7919) % count);
  return ((performance.now() - start) * 1e6) / count;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function missed(): never {
  throw new Error("no deadline is missed here");
}
