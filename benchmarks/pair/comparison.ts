import type { Round } from "./load.ts";
import { pairedRatios, type Spread, spread } from "./statistics.ts";

/** How two servers compare. What is undefined the system does not tell. */
export interface Comparison {
  ours: Measured;
  control: Measured;
  /** Of messages a second, ours to the control's. */
  ratio: Spread;
  /** Of messages a second of the server's CPU time: the same when a server was always busy, and true when not. */
  cpuRatio: Spread | undefined;
}

/** What one server did in its rounds. */
export interface Measured {
  perSecond: Spread;
  cpu: CpuSummary | undefined;
  rounds: Round[];
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

/** Compares round by round: those of the same number stood beside each other. */
export function compare(ours: Round[], control: Round[]): Comparison {
  const cpuRatios = pairedRatios(ours.map(perCpuSecond), control.map(perCpuSecond));
  return {
    ours: summarize(ours),
    control: summarize(control),
    ratio: spread(pairedRatios(ours.map(perSecond), control.map(perSecond))),
    cpuRatio: cpuRatios.some(Number.isNaN) ? undefined : spread(cpuRatios),
  };
}

function summarize(rounds: Round[]): Measured {
  const cpu = rounds.flatMap((round) => round.cpu ?? []);
  const medianOf = (value: (cpu: NonNullable<Round["cpu"]>) => number) => spread(cpu.map(value)).median;
  return {
    perSecond: spread(rounds.map(perSecond)),
    cpu:
      cpu.length === 0
        ? undefined
        : {
            server: medianOf(({ server }) => server.used),
            load: medianOf(({ load }) => load.used),
            idle: medianOf(({ server }) => Math.max(0, 1 - server.ran - server.waited)),
            disturbed: medianOf(({ server, load }) => Math.max(server.waited, load.waited)),
          },
    rounds,
  };
}

function perSecond(round: Round): number {
  return round.perSecond;
}

function perCpuSecond({ perSecond, cpu }: Round): number {
  return cpu === undefined ? Number.NaN : perSecond / cpu.server.used;
}
