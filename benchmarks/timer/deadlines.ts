// What 100,000 idle deadlines cost in a DeadlineWheel, and what as timers of Node. With memory:
//
//   node --expose-gc --conditions=@sock/source benchmarks/timer/deadlines.ts
import { type Deadline, DeadlineWheel } from "@sock/timer";
import { ManualClock } from "@sock/timer/manual";

const COUNT = 100_000;
const ROUNDS = 21;
const IDLE = 60_000;

// Peers do not speak in the order in which memory was given to them.
const order = Uint32Array.from({ length: COUNT }, (_, i) => (i * 7919) % COUNT);

/** A way to hold deadlines, each step for one of them. */
interface Contestant {
  open(i: number): void;
  chunk(i: number): void;
  close(i: number): void;
}
const STEPS = ["open", "chunk", "close"] as const;

function wheel(): Contestant {
  const wheel = new DeadlineWheel();
  const deadlines: Deadline[] = [];
  return {
    open(i) {
      const deadline = wheel.deadline(missed);
      deadline.arm(IDLE);
      deadlines[i] = deadline;
    },
    chunk: (i) => deadlines[i]?.arm(IDLE),
    close: (i) => deadlines[i]?.disarm(),
  };
}

function refresh(): Contestant {
  const timeouts: NodeJS.Timeout[] = [];
  return {
    open(i) {
      timeouts[i] = setTimeout(missed, IDLE).unref();
    },
    chunk: (i) => timeouts[i]?.refresh(),
    close: (i) => clearTimeout(timeouts[i]),
  };
}

function setAnew(): Contestant {
  const { open, close } = refresh();
  return {
    open,
    chunk(i) {
      close(i);
      open(i);
    },
    close,
  };
}

function compare(contestants: Record<string, Contestant>): void {
  const results = Object.entries(contestants).map(([name, contestant]) => ({
    name,
    contestant,
    times: { open: [] as number[], chunk: [] as number[], close: [] as number[] },
    bytes: 0,
  }));

  for (let round = 0; round < ROUNDS; round++) {
    for (const result of results) {
      const { contestant, times } = result;
      const before = heap();
      times.open.push(nanoseconds(contestant.open));
      // Later rounds take the place of this one.
      if (round === 0) result.bytes = (heap() - before) / COUNT;
      times.chunk.push(nanoseconds(contestant.chunk));
      times.close.push(nanoseconds(contestant.close));
    }
  }

  const [base] = results;
  for (const { name, times, bytes } of results) {
    const columns = STEPS.map((step) => {
      const ratio = median(times[step]) / median(base?.times[step] ?? []);
      return `${step} ${median(times[step]).toFixed(0)} ns (${ratio.toFixed(1)}×)`.padEnd(24);
    });
    console.log(name.padEnd(22), ...columns, globalThis.gc ? `${bytes.toFixed(0)} bytes` : "");
  }
}

// Chunks and ticks together: every deadline armed again each second, for five minutes that a manual clock makes short.
function wheelWithTicks(): void {
  const clock = new ManualClock();
  const wheel = new DeadlineWheel({ clock });
  const deadlines = Array.from(order, () => wheel.deadline(missed));
  const seconds = 300;
  const start = performance.now();
  for (let second = 0; second < seconds; second++) {
    for (const i of order) deadlines[i]?.arm(IDLE);
    clock.advance(1000);
  }
  const each = ((performance.now() - start) * 1e6) / (seconds * COUNT);
  console.log(`a chunk a second for ${seconds} s, ticks included: ${each.toFixed(1)} ns a chunk`);
}

function nanoseconds(step: (i: number) => void): number {
  const start = performance.now();
  for (const i of order) step(i);
  return ((performance.now() - start) * 1e6) / COUNT;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function missed(): never {
  throw new Error("no deadline is missed here");
}

compare({ DeadlineWheel: wheel(), "setTimeout, refresh": refresh(), "setTimeout, set anew": setAnew() });
wheelWithTicks();
