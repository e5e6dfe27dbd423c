import { describeLimit, judge } from "../method/judge.ts";
import { type Spread, spread } from "../method/statistics.ts";
import { type Contestant, othersIn, oursIn, type Result, ratiosTo, type Unit } from "../result.ts";

/** What is there for `compare` alone. */
export const CALIBRATION = "calibration";

/** Behind the name of a metric: the bytes that it allocates. */
export const ALLOCATED = ", allocated";

/** What a row has found, in lines for people. */
export function describeRow(results: readonly Result[]): string {
  const [first] = results;
  if (first === undefined) return "nothing was measured";
  const lines = results.every((result) => peersIn(result).length === 0)
    ? [describeAlone(results)]
    : results.flatMap(describeBeside);
  return [
    `${first.suite}: ${first.row}`,
    ...[...lines, ...(first.notes ?? [])].map((line) => `    ${line}`),
  ].join("\n");
}

/** Those that ours stands beside: not what is there to tell how fast the machine was. */
export function peersIn(result: Result): Contestant[] {
  return othersIn(result).filter(({ name }) => name !== CALIBRATION);
}

export function describeValue(value: number, unit: Unit): string {
  const digits = unit === "/s" || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return unit === "/s" ? `${text}/s` : `${text} ${unit}`;
}

export function describeSpread({ median, q1, q3 }: Spread): string {
  return `${median.toFixed(2)} [${q1.toFixed(2)}..${q3.toFixed(2)}]`;
}

/** `input 25.1 ns 1.1 B  decode 185 ns 378 B`: what was measured of one metric stands together. */
function describeAlone(results: readonly Result[]): string {
  let said = "";
  return results
    .map((result) => {
      const metric = result.metric.replace(ALLOCATED, "");
      const value = describeValue(spread(oursIn(result).rounds).median, result.unit);
      const isSame = metric === said;
      said = metric;
      return isSame ? ` ${value}` : `  ${metric} ${value}`;
    })
    .join("")
    .trim();
}

/** A line for each of the others. */
function describeBeside(result: Result): string[] {
  const ours = oursIn(result);
  const metric = result.metric === "" ? "" : `${result.metric.padEnd(7)}`;
  const mine = `${metric}${describeContestant(ours, result.unit)}`;
  const verdicts = judge(result);
  return peersIn(result).map((other, i) => {
    const { values, isByCpu, doubts } = ratiosTo(other, result);
    const verdict = verdicts.find((verdict) => verdict.other === other.name);
    return [
      i === 0 ? mine : " ".repeat(mine.length),
      describeContestant(other, result.unit),
      `ratio ${describeSpread(spread(values))}${isByCpu ? " by CPU time" : ""}`,
      ...(verdict === undefined ? [] : [`${describeLimit(verdict.limit)}: ${verdict.is}`]),
      ...doubts,
    ].join("  ");
  });
}

/** `81,234/s (server 99 %, load 87 %)` */
function describeContestant({ name, rounds, cpu }: Contestant, unit: Unit): string {
  const value = `${name} ${describeValue(spread(rounds).median, unit)}`;
  return cpu === undefined ? value : `${value} (server ${percent(cpu.server)}, load ${percent(cpu.load)})`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
