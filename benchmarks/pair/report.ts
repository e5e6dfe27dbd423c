import type { Comparison, Measured } from "./comparison.ts";
import type { Spread } from "./statistics.ts";

/** An event loop that always has work idles less, and one that has its core to itself waits less. */
const NEGLIGIBLE = 0.1;

/** A line for people. */
export function describeComparison(comparison: Comparison, floor: number | undefined): string {
  const { ours, control, ratio, cpuRatio } = comparison;
  const doubts = doubtsOf(comparison);
  return [
    `ours ${describeMeasured(ours)}`,
    `control ${describeMeasured(control)}`,
    `ratio ${describeSpread(ratio)}`,
    cpuRatio === undefined ? "CPU time unknown here" : `by CPU time ${describeSpread(cpuRatio)}`,
    ...(floor === undefined ? [] : [judge(comparison, floor, doubts.length > 0)]),
    ...doubts,
  ].join("  ");
}

/** CPU time is asked where rates are in doubt: the ratios are the same where they are not. */
function judge({ ratio, cpuRatio }: Comparison, floor: number, isDoubtful: boolean): string {
  const byCpuTime = isDoubtful ? cpuRatio : undefined;
  const isMissed = (byCpuTime ?? ratio).median < floor;
  return `floor ${floor} ${isMissed ? "MISSED" : "ok"}${byCpuTime ? " by CPU time" : ""}`;
}

/** Why the rates may not be those of the servers. */
function doubtsOf({ ours, control }: Comparison): string[] {
  const shares = [ours.cpu, control.cpu].filter((cpu) => cpu !== undefined);
  return [
    ...(shares.some(({ idle }) => idle > NEGLIGIBLE) ? ["client-bound"] : []),
    ...(shares.some(({ disturbed }) => disturbed > NEGLIGIBLE) ? ["disturbed"] : []),
  ];
}

/** `81,234/s (server 99 %, load 87 %)` */
function describeMeasured({ perSecond, cpu }: Measured): string {
  const rate = `${Math.round(perSecond.median).toLocaleString("en")}/s`.padStart(11);
  return cpu === undefined ? rate : `${rate} (server ${percent(cpu.server)}, load ${percent(cpu.load)})`;
}

function describeSpread({ median, q1, q3 }: Spread): string {
  return `${median.toFixed(2)} [${q1.toFixed(2)}..${q3.toFixed(2)}]`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`.padStart(5);
}
