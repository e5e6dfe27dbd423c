import { delayOf } from "./seconds.ts";
import { type WaitOptions, wait } from "./wait.ts";

/**
 * Resolves in `seconds` (fractions allowed), or rejects with the signal's reason when that is aborted first.
 * @throws RangeError when `seconds` is negative or not finite
 */
export function delay(seconds: number, options: WaitOptions = {}): Promise<void> {
  return wait(delayOf(seconds), options).then((end) => {
    if (end === "aborted") throw options.signal?.reason;
  });
}
