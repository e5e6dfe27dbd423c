/**
 * The time from one tick of a wheel to the next. What is armed in an epoch counts from its end: that is never early
 * and needs no look at the clock (10 ns an arm instead of 110, Node 26.10). Its beginning would not do: the process
 * may have been busy ever since.
 */
export class Epoch {
  /** When it ended; until then, when it is to end. */
  end: number;

  constructor(end: number) {
    this.end = end;
  }
}
