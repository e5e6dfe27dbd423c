/** The first wait before another try, and the longest. */
const FIRST = 500;
const LONGEST = 30_000;

/** A worker that served for so long has not died at once: a death undoes one such before it. */
const LONG_LIFE = 2_000;

/** So many failures in a row, and it is said that this does not mend itself: after some eight seconds. */
export const CRASH_LOOP = 5;

/**
 * Milliseconds until the next try after `failures` in a row: 0.5 s, doubled each time, 30 s at most; a quarter more or less, by
 * `random` from 0 to 1, so that what failed together does not try together. Tries never end.
 */
export function backOff(failures: number, random: number): number {
  if (failures === 0) return 0;
  return Math.min(FIRST * 2 ** (failures - 1), LONGEST) * (0.75 + random / 2);
}

/** How often in a row a worker has died soon, when it has died again after serving for `life` ms. */
export function shortLives(before: number, life: number): number {
  return Math.max(0, before + 1 - Math.floor(life / LONG_LIFE));
}
