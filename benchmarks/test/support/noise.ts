/** Numbers that only look random: the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ratios around `center` as a machine makes them: `sigma` is the noise of most, and one in ten is disturbed. */
export function noisyRatios(random: () => number, count: number, center: number, sigma: number): number[] {
  return Array.from({ length: count }, () => {
    const disturbance = random() < 0.1 ? 0.5 + random() : 1;
    return center * disturbance * Math.exp(sigma * gaussian(random));
  });
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
