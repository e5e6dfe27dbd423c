import { type Limit, othersIn, type Result, ratiosTo } from "../result.ts";
import { median, medianBounds } from "./statistics.ts";

/**
 * How sure a verdict is: one in a thousand of what is as it should be is taken for a loss, or for a change, by each look.
 */
export const RISK = 0.001;

/** Two processes of one program differ by that much for as long as they live (10 times net against net, Node 26). */
export const LUCK = 0.03;

/** What the rounds say of a limit. */
export interface Verdict {
  /** Beside whom. */
  other: string;
  limit: Limit;
  median: number;
  /**
   * `missed` only when the whole of where the median may lie is beyond the limit, luck granted. `unsure`: the median is
   * beyond it and noise may be why: more rounds will tell.
   */
  is: "held" | "missed" | "unsure";
  isByCpu: boolean;
}

/** Of each limit whose other came. */
export function judge(result: Result): Verdict[] {
  return othersIn(result).flatMap((other) => {
    const limit = result.limits?.[other.name];
    if (limit === undefined) return [];
    const { values, isByCpu } = ratiosTo(other, result);
    return [{ other: other.name, limit, median: median(values), is: verdictOn(values, limit), isByCpu }];
  });
}

/** Whether paired ratios keep to a limit. */
export function verdictOn(ratios: readonly number[], limit: Limit): Verdict["is"] {
  // One direction is enough to think about: 1/x of what may be at most n is at least 1/n.
  const [values, floor] =
    "atLeast" in limit ? [ratios, limit.atLeast] : [ratios.map((ratio) => 1 / ratio), 1 / limit.atMost];
  if (median(values) >= floor) return "held";
  return medianBounds(values, RISK).high < floor * (1 - LUCK) ? "missed" : "unsure";
}

export function describeLimit(limit: Limit): string {
  return "atLeast" in limit ? `at least ${limit.atLeast}` : `at most ${limit.atMost}`;
}
