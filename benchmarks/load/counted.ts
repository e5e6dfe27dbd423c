import { median, pairedRatios } from "../method/statistics.ts";
import type { Contestant, CpuSummary } from "../result.ts";
import type { Round } from "./round.ts";

/** What a server did in its rounds. */
export function contestantOf(name: string, rounds: readonly Round[]): Contestant {
  const perSecond = rounds.map((round) => round.perSecond);
  const cpu = rounds.flatMap((round) => round.cpu ?? []);
  if (cpu.length < rounds.length) return { name, rounds: perSecond };
  const used = cpu.map(({ server }) => server.used);
  return { name, rounds: perSecond, perCpu: pairedRatios(perSecond, used), cpu: summarize(cpu) };
}

function summarize(cpu: NonNullable<Round["cpu"]>[]): CpuSummary {
  return {
    server: median(cpu.map(({ server }) => server.used)),
    load: median(cpu.map(({ load }) => load.used)),
    idle: median(cpu.map(({ server }) => Math.max(0, 1 - server.ran - server.waited))),
    disturbed: median(cpu.map(({ server, load }) => Math.max(server.waited, load.waited))),
  };
}
