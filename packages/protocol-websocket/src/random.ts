import { randomFillSync } from "node:crypto";

/** Gives random bytes: `size` of them, other ones at each call. */
export type RandomSource = (size: number) => Uint8Array;

/**
 * Gives the masking key of one frame, 32 bits, at each call. RFC 6455 10.3: it must not be predictable, or a page can
 * choose what bytes a client puts on the wire, and poison the caches of proxies with them.
 */
export type MaskSource = () => number;

/** Keys drawn at once: a call for each would cost more than the frame. */
const POOL_SIZE = 2048;

let pool: Uint32Array | undefined;
let next = POOL_SIZE;

/** Keys from the system's generator, each given out once. */
export const randomMask: MaskSource = () => {
  pool ??= new Uint32Array(POOL_SIZE);
  if (next === POOL_SIZE) {
    randomFillSync(pool);
    next = 0;
  }
  return pool[next++]!;
};

/** Keys made of the bytes of `random`. */
export function masksFrom(random: RandomSource): MaskSource {
  return () => Buffer.from(random(4)).readUInt32BE();
}
