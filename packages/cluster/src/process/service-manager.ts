import { execFile } from "node:child_process";

/** What systemd wants to hear of a service: sd_notify(3). */
export interface ServiceManager {
  /** Milliseconds between two signs of life, half of what the unit's `WatchdogSec=` allows; undefined: it wants none. */
  readonly watchdogEvery: number | undefined;
  /** `Type=notify`: it is started, and what depends on it may start. Also the end of a reload. */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  /** What `systemctl status` shows. */
  status(sentence: string): void;
  alive(): void;
  /** Resolves when all has been said so far: whoever ends before takes it along. */
  settled(): Promise<void>;
}

/** Says these assignments: `READY=1`. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

const VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

/** systemd gives a microsecond count; a day is more than anybody means. */
const LONGEST = 86_400_000;

/**
 * The service manager that has started this process, if it wants to be told: `NOTIFY_SOCKET` is set. That and the watchdog's
 * variables are taken out of the environment, so that no child speaks in our name.
 *
 * Node has no datagrams over unix sockets, so `systemd-notify` speaks for us, a process each time: the unit needs
 * `NotifyAccess=all`, and its `WatchdogSec=` should be 10 s or more.
 *
 * `warn` is told once, when that does not work.
 */
export function serviceManager(
  warn: (sentence: string) => void,
  env: NodeJS.ProcessEnv = process.env,
  notify?: Notify,
): ServiceManager | undefined {
  const [socket, usec, pid] = VARIABLES.map((name) => env[name]);
  for (const name of VARIABLES) delete env[name];
  if (socket === undefined || socket === "") return undefined;
  const isForUs = pid === undefined || pid === String(process.pid);
  return new Systemd(notify ?? bySystemdNotify(socket, env), warn, isForUs ? halfOf(usec) : undefined);
}

class Systemd implements ServiceManager {
  readonly watchdogEvery: number | undefined;
  readonly #notify: Notify;
  readonly #warn: (sentence: string) => void;
  // One after the other: two processes may arrive in any order.
  #said: Promise<void> = Promise.resolve();
  #hasWarned = false;
  #isSayingAlive = false;

  constructor(notify: Notify, warn: (sentence: string) => void, watchdogEvery: number | undefined) {
    this.#notify = notify;
    this.#warn = warn;
    this.watchdogEvery = watchdogEvery;
  }

  ready(status: string): void {
    void this.#say("READY=1", statusOf(status));
  }

  reloading(): void {
    // `Type=notify-reload` compares the time with its own clock, CLOCK_MONOTONIC: that of `hrtime` on Linux.
    void this.#say("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }

  stopping(): void {
    void this.#say("STOPPING=1");
  }

  status(sentence: string): void {
    void this.#say(statusOf(sentence));
  }

  alive(): void {
    // A second sign behind one that has not got through says nothing more.
    if (this.#isSayingAlive) return;
    this.#isSayingAlive = true;
    void this.#say("WATCHDOG=1").then(() => {
      this.#isSayingAlive = false;
    });
  }

  settled(): Promise<void> {
    return this.#said;
  }

  #say(...assignments: string[]): Promise<void> {
    this.#said = this.#said.then(() => this.#notify(assignments)).catch((error) => this.#failed(error));
    return this.#said;
  }

  #failed(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(`systemd cannot be told: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One line: a line feed would begin another assignment. */
function statusOf(sentence: string): string {
  return `STATUS=${sentence.replace(/\s+/g, " ")}`;
}

/** Undefined: no watchdog. */
function halfOf(usec: string | undefined): number | undefined {
  if (usec === undefined || !/^\d{1,17}$/.test(usec) || Number(usec) === 0) return undefined;
  return Math.min(Number(usec) / 2_000, LONGEST);
}

/** Milliseconds for it to speak. */
const WITHIN = 5_000;

function bySystemdNotify(socket: string, env: NodeJS.ProcessEnv): Notify {
  return (assignments) =>
    new Promise((resolve, reject) => {
      const args = [`--pid=${process.pid}`, ...assignments];
      const options = { env: { ...env, NOTIFY_SOCKET: socket }, timeout: WITHIN };
      execFile("systemd-notify", args, options, (error) => (error ? reject(error) : resolve()));
    });
}
