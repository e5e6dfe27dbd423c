import { setImmediate } from "node:timers/promises";

/** Lets everything happen that waits for promises only. Codecs know no timers and no sockets, so nothing else is left. */
export function turn(): Promise<void> {
  return setImmediate();
}
