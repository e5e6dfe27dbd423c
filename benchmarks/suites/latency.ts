import type { Work } from "../load/load.ts";
import { underLoad } from "../load/measure.ts";
import type { Paced } from "../load/pace.ts";
import { median } from "../method/statistics.ts";
import type { Result } from "../result.ts";
import { ours, type PeerName, peers, type Scheme } from "../servers.ts";
import type { Row, Run, Suite } from "../suite.ts";

/** Messages at a pace that every server here can keep up with. */
interface Stream extends Work {
  what: string;
  scheme: Scheme;
  peers: readonly PeerName[];
  perSecond: number;
  isQuick?: boolean;
}

const common = { connections: 64, inFlight: 1, payload: 64 };
const streams: readonly Stream[] = [
  { what: "frame 64 B", ...common, scheme: "frame", protocol: "frame", peers: ["net"], perSecond: 10_000 },
  {
    what: "websocket binary 64 B",
    ...common,
    scheme: "websocket",
    protocol: "websocketBinary",
    peers: ["ws", "bun", "uws"],
    perSecond: 10_000,
    isQuick: true,
  },
  {
    what: "http",
    ...common,
    payload: 16,
    scheme: "http",
    protocol: "httpGet",
    peers: ["node:http", "fastify"],
    perSecond: 5000,
  },
];

/** Times the length of other rounds: so that a round's slowest thousandth is more than a few messages. */
const LENGTH = 4;

const PERCENTILES = ["p50", "p99", "p999"] as const;
const NAMES = { p50: "p50", p99: "p99", p999: "p99.9" };

export const latency: Suite = {
  name: "latency",
  about: "microseconds to an answer at a fixed pace, waiting included: no coordinated omission",
  rows: streams.map(rowOf),
};

function rowOf(stream: Stream): Row {
  return { name: nameOf(stream), isQuick: stream.isQuick ?? false, measure: (run) => measure(stream, run) };
}

async function measure(stream: Stream, run: Run): Promise<Result[]> {
  const { servers, absent } = peers(stream.peers, stream.scheme, run.peers);
  const pace = { perSecond: stream.perSecond, warmUp: run.warmUp, duration: run.duration * LENGTH };
  const timed = await underLoad(
    nameOf(stream),
    [ours(stream.scheme), ...servers],
    stream,
    // They are long.
    { ...run, rounds: Math.max(2, Math.ceil(run.rounds / 2)) },
    ({ server, load }) => load.pace(server, pace),
  );
  const all = [...timed.values].map(([name, rounds]) => ({ name, rounds }));
  const late = median(all.flatMap(({ rounds }) => rounds.map(({ late }) => late)));
  const worst = all.map(
    ({ name, rounds }) => `${name} ${describe(Math.max(...rounds.map(({ max }) => max)))}`,
  );
  return PERCENTILES.map((percentile) => ({
    suite: latency.name,
    row: nameOf(stream),
    metric: NAMES[percentile],
    unit: "µs" as const,
    better: "less" as const,
    contestants: all.map(({ name, rounds }) => ({
      name,
      rounds: rounds.map((round: Paced) => round[percentile]),
    })),
    absent: [...absent, ...timed.absent],
    notes: [`the load was late by ${describe(late)} (p99); slowest of all: ${worst.join(", ")}`],
  }));
}

function nameOf({ what, perSecond }: Stream): string {
  return `${what} at ${perSecond.toLocaleString("en")}/s`;
}

function describe(microseconds: number): string {
  return `${Math.round(microseconds).toLocaleString("en")} µs`;
}
