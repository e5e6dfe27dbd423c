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

/** Each round of one over the round of the other beside it: what slowed the machine for both cancels out. */
export function pairedRatios(ours: readonly number[], control: readonly number[]): number[] {
  if (ours.length !== control.length)
    throw new RangeError(`${ours.length} rounds are no pairs with ${control.length}`);
  return ours.map((value, round) => value / control[round]!);
}

/** Between two values, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at % 1);
}
