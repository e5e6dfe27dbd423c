export type { Alarm, Clock } from "./clock.ts";
export type { Deadline } from "./deadline.ts";
export { DeadlineWheel, type DeadlineWheelOptions } from "./deadline-wheel.ts";
export { delay } from "./delay.ts";
export { every } from "./every.ts";
export { systemClock } from "./system-clock.ts";
export { timer } from "./timer.ts";
export { type TimerOptions, Timers, type TimersOptions } from "./timers.ts";
export type { WaitOptions } from "./wait.ts";
