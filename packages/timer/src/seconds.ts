/** Milliseconds of a wait that may be over at once. */
export function delayOf(seconds: number): number {
  const ms = seconds * 1000;
  if (ms >= 0 && ms < Infinity) return ms;
  throw new RangeError(`a delay is 0 seconds or more, not ${seconds}`);
}

/** Milliseconds of a wait that comes again and again. */
export function intervalOf(seconds: number): number {
  const ms = seconds * 1000;
  if (ms > 0 && ms < Infinity) return ms;
  throw new RangeError(`an interval is more than 0 seconds, not ${seconds}`);
}
