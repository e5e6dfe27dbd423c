/** Promises that wait for the same thing, each with a signal that may take it back. */
export class Waiters {
  readonly #waiting = new Set<{ resolve(): void; reject(reason: unknown): void }>();

  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const forget = () => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => waiter.reject(signal?.reason);
      const waiter = {
        resolve() {
          forget();
          resolve();
        },
        reject(reason: unknown) {
          forget();
          reject(reason);
        },
      };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", abort);
    });
  }

  resolve(): void {
    for (const waiter of this.#waiting) waiter.resolve();
  }

  reject(reason: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(reason);
  }
}
