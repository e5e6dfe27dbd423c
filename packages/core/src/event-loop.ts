import { type Clock, type Deadline, DeadlineWheel, systemClock } from "@sock/timer";

/**
 * Clock, timers, deferral and signals: the ancestor's `globalEvent`, with libuv underneath. The one seam through which
 * time enters the engine; tests put a manual clock in its place.
 */
export interface EventLoop extends Clock {
  /** Calls `callback(argument)` when the current turn, promise reactions included, is over. */
  defer<T>(callback: (argument: T) => void, argument: T): void;

  /** A deadline on the loop's wheel: cheap to arm and to move, never early, at most half a second late. */
  deadline(callback: () => void): Deadline;

  /** Calls `callback` at each `signal` to the process, until the function returned is called. */
  onSignal(signal: NodeJS.Signals, callback: (signal: NodeJS.Signals) => void): () => void;
}

const SETTLED = Promise.resolve();

/** An event loop on libuv whose time comes from `clock`. */
export function createEventLoop(clock: Clock = systemClock): EventLoop {
  const wheel = new DeadlineWheel({ clock });
  return {
    now: () => clock.now(),
    after: (delay, callback) => clock.after(delay, callback),
    // Asked for by a callback of libuv, a tick alone would come before the promise reactions: 25 ns dearer (Node 26).
    defer: (callback, argument) => void SETTLED.then(() => process.nextTick(callback, argument)),
    deadline: (callback) => wheel.deadline(callback),
    onSignal(signal, callback) {
      process.on(signal, callback);
      return () => process.off(signal, callback);
    },
  };
}

/** The event loop of this process. */
export const eventLoop: EventLoop = /* @__PURE__ */ createEventLoop();
