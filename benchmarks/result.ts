import { pairedRatios, type Spread, spread } from "./method/statistics.ts";

/** What was measured of one thing. Everything that is compared, judged, drawn or kept is one of these. */
export interface Result {
  suite: string;
  row: string;
  /** Which of the things measured at once: `p99`, `decode`. Empty: there is but one. */
  metric: string;
  unit: Unit;
  better: "more" | "less";
  /** Ours first. Rounds of the same number stood beside each other. */
  contestants: Contestant[];
  /** What the ratio of ours to another has to be, by the other's name. */
  limits?: Record<string, Limit>;
  /** Who could not come, and why: never left out in silence. */
  absent?: Absent[];
  /** More that belongs to the numbers, for people. */
  notes?: string[];
}

export type Unit = "/s" | "MiB/s" | "ns" | "µs" | "B" | "KiB";

export interface Contestant {
  name: string;
  /** A value for each round. */
  rounds: number[];
  /** The same for each second of the server's CPU time, where the system tells: true also when the server had to wait. */
  perCpu?: number[];
  cpu?: CpuSummary;
}

/** Medians, in parts of the time. */
export interface CpuSummary {
  /** The server on its core. */
  server: number;
  /** The load on its core. */
  load: number;
  /** The server without work: the rate is then the load's, not its own. */
  idle: number;
  /** The load or the server with work, but others on its core. */
  disturbed: number;
}

/** Who names it says where the number comes from. */
export type Limit = ({ atLeast: number } | { atMost: number }) & { issue: number };

export interface Absent {
  name: string;
  because: string;
}

/** Why the rates may not be those of the servers. */
export type Doubt = "client-bound" | "disturbed";

/** An event loop that always has work idles less, and one that has its core to itself waits less. */
const NEGLIGIBLE = 0.1;

export function idOf({ suite, row, metric }: Result): string {
  return metric === "" ? `${suite}: ${row}` : `${suite}: ${row}, ${metric}`;
}

export function oursIn({ contestants: [ours] }: Result): Contestant {
  return ours!;
}

export function othersIn({ contestants: [, ...others] }: Result): Contestant[] {
  return others;
}

export function middleOf({ rounds }: Contestant): Spread {
  return spread(rounds);
}

export function doubtsOf(contestants: readonly Contestant[]): Doubt[] {
  const shares = contestants.flatMap(({ cpu }) => cpu ?? []);
  return [
    ...(shares.some(({ idle }) => idle > NEGLIGIBLE) ? ["client-bound" as const] : []),
    ...(shares.some(({ disturbed }) => disturbed > NEGLIGIBLE) ? ["disturbed" as const] : []),
  ];
}

/** Ours to the other's, round by round. */
export interface Ratios {
  values: number[];
  /** By CPU time: the same where a server was always busy, and true where one was not. */
  isByCpu: boolean;
  doubts: Doubt[];
}

/** CPU time is asked where the rates are in doubt. */
export function ratiosTo(other: Contestant, result: Result): Ratios {
  const ours = oursIn(result);
  const doubts = doubtsOf([ours, other]);
  const isByCpu = doubts.length > 0 && ours.perCpu !== undefined && other.perCpu !== undefined;
  const values = isByCpu
    ? pairedRatios(ours.perCpu!, other.perCpu!)
    : pairedRatios(ours.rounds, other.rounds);
  // A server that got no CPU time for a whole round says nothing in it.
  return { values: values.filter(Number.isFinite), isByCpu, doubts };
}
