import type { EventLoop } from "../event-loop.ts";

/** Who gathers what is sent, and is to flush it. */
export interface Flushable {
  flushNow(): void;
}

/** Those who gather in this turn of an event loop. One deferral for all of them: a broadcast has thousands. */
export class FlushList {
  readonly #loop: EventLoop;
  #waiting: Flushable[] = [];

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  add(flushable: Flushable): void {
    this.#waiting.push(flushable);
    if (this.#waiting.length === 1) this.#loop.defer(flushAll, this);
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flushable of waiting) flushable.flushNow();
  }
}

const lists = new WeakMap<EventLoop, FlushList>();

/** The one list of `loop`. */
export function flushListOf(loop: EventLoop): FlushList {
  const known = lists.get(loop);
  if (known !== undefined) return known;
  const list = new FlushList(loop);
  lists.set(loop, list);
  return list;
}

function flushAll(list: FlushList): void {
  list.flush();
}
