/**
 * Times laps by the clock and by this process's own account.
 *
 * The clock is right but for the time that others took: the fastest lap had the least of that. The account knows
 * nothing of others, but is kept in passing and wrong about a short lap: all laps together are about right.
 */
export class Stopwatch {
  #fastest = Number.POSITIVE_INFINITY;
  #accounted = 0;
  #laps = 0;
  #started = 0;
  #startedCpu = process.cpuUsage();

  /** Milliseconds of the fastest lap by the clock. */
  get fastest(): number {
    return this.#fastest;
  }

  /** Milliseconds of the mean lap by the account. */
  get accounted(): number {
    return this.#accounted / this.#laps;
  }

  /** Milliseconds of this lap up to now. */
  get elapsed(): number {
    return performance.now() - this.#started;
  }

  start(): void {
    this.#startedCpu = process.cpuUsage();
    this.#started = performance.now();
  }

  stop(): void {
    this.#fastest = Math.min(this.#fastest, this.elapsed);
    const { user, system } = process.cpuUsage(this.#startedCpu);
    this.#accounted += (user + system) / 1000;
    this.#laps += 1;
  }
}
