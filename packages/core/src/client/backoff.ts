/** When a client that has lost its connection comes back. */
export interface BackoffOptions {
  /** Milliseconds within which the first attempt comes. Default 1,000, as gRPC has it. */
  initialDelay?: number;

  /** Milliseconds that no delay exceeds. Default 30,000: half a minute after a server is back, all its clients are. */
  maxDelay?: number;

  /** Milliseconds before which no attempt comes. Default 0. */
  minDelay?: number;

  /** How much longer the time within which an attempt comes is than that of the attempt before. Default 2. */
  factor?: number;

  /**
   * Milliseconds after which a connection counts as healthy: delays begin anew when it is lost. Default 10,000. A server
   * that accepts and closes at once is come back to no faster than one that refuses.
   */
  healthyAfter?: number;

  /** Attempts in a row that failed, or were lost before they were healthy, until the client gives up. Default: no limit. */
  maxAttempts?: number;

  /** Numbers from 0 up to 1. Default `Math.random`; for tests. */
  random?: () => number;
}

/**
 * Says how long to wait: a random time below a bound that grows with each failure ("full jitter"). Clients that were lost
 * together come back spread over the whole of it, and not in step. Knows no clock.
 */
export class Backoff {
  /** Failures in a row. */
  failures = 0;

  readonly healthyAfter: number;
  readonly maxAttempts: number;
  readonly #initialDelay: number;
  readonly #minDelay: number;
  readonly #maxDelay: number;
  readonly #factor: number;
  readonly #random: () => number;

  /** @throws RangeError */
  constructor({
    initialDelay = 1000,
    maxDelay = 30_000,
    minDelay = 0,
    factor = 2,
    healthyAfter = 10_000,
    maxAttempts = Infinity,
    random = Math.random,
  }: BackoffOptions) {
    check("initialDelay", initialDelay, initialDelay >= 0 && initialDelay < Infinity);
    check("maxDelay", maxDelay, maxDelay >= 0 && maxDelay < Infinity);
    check("minDelay", minDelay, minDelay >= 0 && minDelay <= maxDelay);
    check("factor", factor, factor >= 1 && factor < Infinity);
    check("healthyAfter", healthyAfter, healthyAfter >= 0);
    check("maxAttempts", maxAttempts, maxAttempts >= 1);
    this.#initialDelay = initialDelay;
    this.#maxDelay = maxDelay;
    this.#minDelay = minDelay;
    this.#factor = factor;
    this.healthyAfter = healthyAfter;
    this.maxAttempts = maxAttempts;
    this.#random = random;
  }

  get isSpent(): boolean {
    return this.failures >= this.maxAttempts;
  }

  /** An attempt failed. */
  failed(): void {
    this.failures++;
  }

  /** A connection was lost after `lasted` ms. */
  lost(lasted: number): void {
    if (lasted >= this.healthyAfter) this.failures = 0;
    else this.failures++;
  }

  /** All begins anew. */
  reset(): void {
    this.failures = 0;
  }

  /** The bound of the next delay. */
  get bound(): number {
    const grown = this.#initialDelay * this.#factor ** Math.max(0, this.failures - 1);
    return Math.max(this.#minDelay, Math.min(this.#maxDelay, grown));
  }

  /** Milliseconds until the next attempt. */
  delay(): number {
    return this.#minDelay + this.#random() * (this.bound - this.#minDelay);
  }
}

function check(name: string, value: number, isGood: boolean): void {
  if (!isGood) throw new RangeError(`${name} ${value} is out of range`);
}
