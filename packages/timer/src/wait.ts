import type { Clock } from "./clock.ts";
import { systemClock } from "./system-clock.ts";

export interface WaitOptions {
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  /** The clock to wait by. Default: `systemClock`. */
  clock?: Clock | undefined;
  /** Whether the process is kept alive meanwhile. Default: true. */
  ref?: boolean | undefined;
}

/** Waits and says what ended it. Leaves nothing behind, on the clock or on the signal. */
export function wait(ms: number, options: WaitOptions): Promise<"due" | "aborted"> {
  const { signal, clock = systemClock, ref = true } = options;
  if (signal?.aborted) return Promise.resolve("aborted");

  return new Promise((resolve) => {
    const alarm = clock.after(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve("due");
    });
    if (!ref) alarm.unref();

    function abort() {
      alarm.cancel();
      resolve("aborted");
    }
    signal?.addEventListener("abort", abort, { once: true });
  });
}
