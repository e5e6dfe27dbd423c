/** The middle of what was measured, and how far its inner half spreads. */
export interface Spread {
  median: number;
  /** A quarter of the values lies below. */
  q1: number;
  /** A quarter of the values lies above. */
  q3: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 1 / 2), q1: quantile(sorted, 1 / 4), q3: quantile(sorted, 3 / 4) };
}

export function median(values: readonly number[]): number {
  return spread(values).median;
}

/** Each round of one over the round of the other beside it: what slowed the machine for both cancels out. */
export function pairedRatios(ours: readonly number[], control: readonly number[]): number[] {
  if (ours.length !== control.length)
    throw new RangeError(`${ours.length} rounds are no pairs with ${control.length}`);
  return ours.map((value, round) => value / control[round]!);
}

/** Where a median may lie. */
export interface Bounds {
  low: number;
  high: number;
}

/**
 * Between which values the true median lies, but for a chance of `risk` on either side. Assumes nothing of how the values
 * are distributed: each lies above the true median as often as below, so how many of `n` do is a coin's business. Infinite
 * where there are too few values for so small a risk: it takes 10 for 1 in 1,000.
 */
export function medianBounds(values: readonly number[], risk: number): Bounds {
  const sorted = values.toSorted((a, b) => a - b);
  const beyond = countBeyond(sorted.length, risk);
  if (beyond === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: sorted[beyond - 1]!, high: sorted[sorted.length - beyond]! };
}

/** The greatest `k` for which fewer than `k` of `n` coins show heads at most as often as `risk`. */
function countBeyond(n: number, risk: number): number {
  let chance = 0.5 ** n;
  let sum = chance;
  let k = 0;
  while (sum <= risk && k < n) {
    k++;
    chance *= (n - k + 1) / k;
    sum += chance;
  }
  return k;
}

/** Between two values, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at % 1);
}
