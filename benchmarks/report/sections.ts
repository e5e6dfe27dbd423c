import { LUCK, RISK } from "../method/judge.ts";
import { describeCores, describeMachine } from "../method/machine.ts";
import { median, medianBounds, spread } from "../method/statistics.ts";
import { type Contestant, idOf, oursIn, type Result, ratiosTo } from "../result.ts";
import type { Results } from "../results-file.ts";
import { ALLOCATED, describeSpread, describeValue, peersIn } from "./line.ts";
import { table } from "./table.ts";

/** All that pages may ask for, by name. `file` is where the numbers are. */
export function sections(results: Results, file: string): Record<string, string> {
  const of = (...suites: string[]) => results.results.filter(({ suite }) => suites.includes(suite));
  return {
    machine: machine(results, file),
    summary: besideTable(of("engine").filter(isSummary)),
    engine: besideTable(of("engine")),
    latency: besideTable(of("latency")),
    crowds: besideTable(of("broadcast", "slow-consumers", "churn", "pipe", "upload")),
    memory: besideTable(of("memory")),
    timers: besideTable(of("timers")),
    cluster: besideTable(of("cluster")),
    codec: codecTable(of("codec")),
    losses: losses(results.results),
    absent: absent(results),
  };
}

/** For a front page: one size and what is small. */
function isSummary({ row }: Result): boolean {
  return / 64 B × |^http(?: pipelined)? × /.test(row);
}

function machine(results: Results, file: string): string {
  const { machine, method, began } = results;
  return [
    `${describeMachine(machine)}; ${describeCores(method.cores)}; ${began.slice(0, 10)}.`,
    `${method.rounds} rounds of ${method.duration} ms each, over ${method.starts} starts of the servers.`,
    ...(method.scale < 1 || method.rounds < 10
      ? ["**This was a short look: too few rounds to conclude anything from.**"]
      : []),
    `Every round is in [\`${file}\`](/${file}).`,
  ].join("\n");
}

/** A line for each pair. */
function besideTable(results: readonly Result[]): string {
  const lines = results.flatMap((result) => {
    const ours = oursIn(result);
    return peersIn(result).map((other) => {
      const { values, isByCpu, doubts } = ratiosTo(other, result);
      return [
        nameOf(result),
        describeValue(spread(ours.rounds).median, result.unit),
        other.name,
        describeValue(spread(other.rounds).median, result.unit),
        `**${median(values).toFixed(2)}** ${describeSpread(spread(values)).replace(/^\S+ /, "")}${isByCpu ? " ¹" : ""}`,
        [...doubts, ...load(other)].join(", "),
      ];
    });
  });
  if (lines.length === 0) return "Not measured in this run.";
  const notes = [
    ...new Set(results.flatMap(({ row, notes = [] }) => notes.map((note) => `${row}: ${note}`))),
  ];
  return [
    table(["what", "ours", "beside", "theirs", "ratio [quartiles]", "marks"], lines),
    ...(lines.some(([, , , , ratio]) => ratio?.endsWith("¹")) ? ["¹ By the server's CPU time."] : []),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join("\n")] : []),
  ].join("\n\n");
}

function nameOf({ row, metric }: Result): string {
  return metric === "" ? row : `${row}, ${metric}`;
}

function load({ cpu }: Contestant): string[] {
  return cpu === undefined ? [] : [`load ${Math.round(cpu.load * 100)} %`];
}

/** A line for each codec and size. */
function codecTable(results: readonly Result[]): string {
  const rows = Map.groupBy(results, ({ row }) => row);
  if (rows.size === 0) return "Not measured in this run.";
  const metrics = ["input", "decode", "encode", "loop", "loop, chopped"];
  const lines = [...rows].map(([row, results]) => {
    const value = (metric: string) => {
      const result = results.find((result) => result.metric === metric);
      return result === undefined ? Number.NaN : median(oursIn(result).rounds);
    };
    const cells = metrics.map((metric) => {
      const [ns, bytes] = [value(metric), value(metric + ALLOCATED)];
      return `${round(ns)} ns, ${round(bytes)} B`;
    });
    return [row, ...cells];
  });
  return table(["codec", ...metrics], lines);
}

/** Wherever another does better, and noise is not why. */
function losses(results: readonly Result[]): string {
  const lines = results.flatMap((result) =>
    peersIn(result).flatMap((other) => {
      const { values } = ratiosTo(other, result);
      const gains = result.better === "more" ? values : values.map((value) => 1 / value);
      // So few rounds bound nothing: the quartile is then all there is to go by.
      const { high } = medianBounds(gains, RISK);
      const most = Number.isFinite(high) ? high : spread(gains).q3;
      if (most >= 1 - LUCK) return [];
      return [[idOf(result), other.name, describeSpread(spread(values))]];
    }),
  );
  if (lines.length === 0) return "Nowhere in this run.";
  return table(["what", "who is ahead", "ratio [quartiles]"], lines);
}

function absent({ results, absent, failed }: Results): string {
  const because = Map.groupBy(
    results.flatMap(({ row, absent = [] }) => absent.map((one) => ({ row, ...one }))),
    ({ name, because }) => `${name}: ${because}`,
  );
  const lines = [
    ...[...because].map(([why, rows]) => `- ${why} (${new Set(rows.map(({ row }) => row)).size} rows)`),
    ...absent.map(({ name, because }) => `- ${name}: ${because}`),
    ...failed.map(({ name, because }) => `- ${name} failed: ${because}`),
  ];
  return lines.length === 0 ? "All were there." : lines.join("\n");
}

function round(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}
