import { createHistogram } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import type { LoadConnection } from "./load-connection.ts";

/** A load that does not wait for answers: what a server does not keep up with shows, and is not left out. */
export interface Pace {
  /** Messages a second, over all connections. */
  perSecond: number;
  /** Milliseconds that do not count, and that do. */
  warmUp: number;
  duration: number;
}

/** Microseconds from when a message was to be sent, not from when it was, to its answer. */
export interface Paced {
  p50: number;
  p99: number;
  p999: number;
  max: number;
  /** Messages that were answered. */
  count: number;
  /** Microseconds by which the load itself was late, at its 99th percentile: what is below that is not the server's. */
  late: number;
}

/**
 * Sends `request` over one connection after the other at a fixed pace. Each message has a time at which it is due; where the
 * load or the server falls behind, the time that messages wait counts, as it would for those who sent them.
 */
export async function pace(
  connections: readonly LoadConnection[],
  request: Buffer,
  responseLength: number,
  { perSecond, warmUp, duration }: Pace,
): Promise<Paced> {
  const latency = createHistogram();
  const lateness = createHistogram();
  const began = performance.now();
  const interval = 1000 / perSecond;
  const dueAt = (i: number) => began + i * interval;
  const ignored = Math.ceil(warmUp / interval);
  const total = ignored + Math.ceil(duration / interval);
  let answered = 0;

  const lanes = connections.map((connection) => {
    /** Numbers of the messages that are out, in order. */
    const out: number[] = [];
    connection.hear(responseLength, () => {
      const i = out.shift()!;
      if (i >= ignored) latency.record(nanoseconds(performance.now() - dueAt(i)));
      answered++;
    });
    return { connection, out };
  });

  for (let next = 0; next < total; ) {
    const now = performance.now();
    for (; next < total && dueAt(next) <= now; next++) {
      const { connection, out } = lanes[next % lanes.length]!;
      out.push(next);
      connection.send(request);
      if (next >= ignored) lateness.record(nanoseconds(performance.now() - dueAt(next)));
    }
    // Not a timer: those are late by up to a millisecond.
    await turn();
  }
  while (answered < total) await turn();
  for (const { connection } of lanes) connection.hearNothing();

  const micro = (percentile: number) => latency.percentile(percentile) / 1000;
  return {
    p50: micro(50),
    p99: micro(99),
    p999: micro(99.9),
    max: latency.max / 1000,
    count: latency.count,
    late: lateness.percentile(99) / 1000,
  };
}

/** What a histogram takes: whole, and at least 1. */
function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e6));
}
