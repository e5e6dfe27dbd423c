import type { Clock } from "@sock/timer";

/** How fast, and how many at once. */
export interface Rate {
  /** On average. */
  perSecond: number;
  /** At once, after a quiet time. Default: as many as come in a second, at least 1. */
  burst?: number;
}

/** Lets so many through in a second, and `burst` at once: a bucket that time fills. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Pick<Clock, "now">;
  #tokens: number;
  #filledAt: number;

  /** @throws RangeError when the rate lets nothing through */
  constructor({ perSecond, burst = Math.max(1, perSecond) }: Rate, clock: Pick<Clock, "now">) {
    if (!(perSecond > 0)) throw new RangeError(`perSecond is more than 0, not ${perSecond}`);
    if (!(burst >= 1)) throw new RangeError(`burst is at least 1, not ${burst}`);
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** True: one was there, and is taken. */
  take(): boolean {
    const now = this.#clock.now();
    const grown = ((now - this.#filledAt) / 1000) * this.#perSecond;
    // An infinite rate fills it even when no time has passed.
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + (Number.isNaN(grown) ? Infinity : Math.max(0, grown)),
    );
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
