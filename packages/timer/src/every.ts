import { Cadence } from "./cadence.ts";
import type { Clock } from "./clock.ts";
import { intervalOf } from "./seconds.ts";
import { systemClock } from "./system-clock.ts";
import { type WaitOptions, wait } from "./wait.ts";

/**
 * Yields n at `n × seconds` from this call on, until the signal is aborted or the loop is left.
 *
 * A time that passes while the loop's body is still at work is left out, and its n with it: the next turn comes
 * at the next multiple. An abort is the orderly end of a loop that has no other, so the loop ends and nothing
 * is thrown.
 * @throws RangeError when `seconds` is not above 0 or not finite
 */
export function every(seconds: number, options: WaitOptions = {}): AsyncGenerator<number, void, void> {
  const { clock = systemClock } = options;
  return turns(new Cadence(clock.now(), intervalOf(seconds)), { ...options, clock });
}

async function* turns(
  cadence: Cadence,
  options: WaitOptions & { clock: Clock },
): AsyncGenerator<number, void, void> {
  const { clock } = options;
  for (;;) {
    const now = clock.now();
    const end = await wait(cadence.next(now) - now, options);
    if (end === "aborted") return;
    yield cadence.count;
  }
}
