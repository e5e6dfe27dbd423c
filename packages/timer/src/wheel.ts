import { AsyncResource } from "node:async_hooks";
import { Cadence } from "./cadence.ts";
import type { Alarm, Clock } from "./clock.ts";
import { Epoch } from "./epoch.ts";
import { type EntryKeeper, WheelEntry } from "./wheel-entry.ts";

// A turn of 128 s at the default resolution. What is further off is looked at once a turn.
const SLOTS = 512;

/** The works of `DeadlineWheel`: entries in slots by the tick at which to look at them. */
export class Wheel implements EntryKeeper {
  epoch = new Epoch(0);
  armed = 0;
  readonly #clock: Clock;
  readonly #tickLength: number;
  readonly #onError: (error: unknown) => void;
  readonly #slots: readonly WheelEntry[] = Array.from({ length: SLOTS }, () => new WheelEntry(this, unused));
  readonly #found = new WheelEntry(this, unused);
  // In the async context of whoever made the wheel, and not of whoever armed first after a rest.
  readonly #ring = AsyncResource.bind(() => this.#tick());
  /** Its latest time is that of the tick to come: the end of the epoch, if that is not late. */
  #ticks = new Cadence(0, 1);
  #alarm: Alarm | undefined;
  #isDisposed = false;

  constructor(clock: Clock, tickLength: number, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#tickLength = tickLength;
    this.#onError = onError;
  }

  place(entry: WheelEntry): void {
    if (this.#alarm === undefined) this.#start();
    if (!entry.isArmed) this.armed += 1;
    this.#link(entry);
  }

  remove(entry: WheelEntry): void {
    this.armed -= 1;
    entry.leave();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    for (const head of [...this.#slots, this.#found]) {
      while (head.isArmed) this.remove(head.next);
    }
  }

  #start(): void {
    if (this.#isDisposed) throw new Error("the wheel of this deadline is disposed");
    const now = this.#clock.now();
    this.#ticks = new Cadence(now, this.#tickLength);
    this.epoch.end = this.#ticks.next(now);
    this.#await(this.epoch.end - now);
  }

  #await(delay: number): void {
    this.#alarm = this.#clock.after(delay, this.#ring);
    this.#alarm.unref();
  }

  #tick(): void {
    if (this.armed === 0) {
      this.#alarm = undefined;
      return;
    }
    const now = this.#clock.now();
    const tick = this.#ticks.count;
    this.epoch.end = now;
    this.epoch = new Epoch(this.#ticks.next(now));
    this.#await(this.epoch.end - now);
    this.#collect(tick, this.#ticks.count);
    this.#meet(now);
  }

  // Emptied before any callback runs, as what those arm may be for the same slots, a turn later.
  #collect(first: number, end: number): void {
    for (let tick = first; tick < Math.min(end, first + SLOTS); tick++) {
      const head = this.#slot(tick);
      while (head.isArmed) head.next.join(this.#found);
    }
  }

  #meet(now: number): void {
    while (this.#found.isArmed) {
      const entry = this.#found.next;
      if (entry.due > now) {
        this.#link(entry);
        continue;
      }
      this.remove(entry);
      try {
        entry.call();
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #link(entry: WheelEntry): void {
    const ticks = Math.ceil((entry.due - this.epoch.end) / this.#tickLength);
    // Rounding may put it behind the tick to come, where it would wait for a whole turn.
    const ahead = Math.min(Math.max(ticks, 0), SLOTS - 1);
    entry.join(this.#slot(this.#ticks.count + ahead));
  }

  #slot(tick: number): WheelEntry {
    return this.#slots[tick % SLOTS] as WheelEntry; // there are SLOTS of them
  }
}

function unused(): void {}
