import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type StartOptions, start, stop } from "../method/processes.ts";
import type { Answer, Command, Target, Work } from "./load.ts";
import type { Pace, Paced } from "./pace.ts";
import type { Round } from "./round.ts";

/** Milliseconds for an answer, beyond what the work takes: connections to open, the last responses to come. */
const PATIENCE = 15_000;

/** The process that loads servers, seen from its parent. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended = new AbortController();

  constructor(options: StartOptions) {
    const file = join(import.meta.dirname, "load.ts");
    this.#child = start({ file }, ["ignore", "inherit", "inherit", "ipc"], options);
    this.#child.once("exit", () => this.#ended.abort(new Error("the load has ended")));
  }

  /** See `Commands`. @throws Error when the server answers wrongly, or not at all */
  async open(target: Target, work: Work, duration: number): Promise<void> {
    await this.#ask(["open", target, work, duration], duration);
  }

  /** See `Commands`. @throws Error when the server answers wrongly, or not at all */
  round(target: Target, warmUp: number, duration: number): Promise<Round> {
    return this.#ask(["round", target, warmUp, duration], warmUp + duration) as Promise<Round>;
  }

  /** See `Commands`. @throws Error when the server answers wrongly, or not at all */
  pace(target: Target, pace: Pace): Promise<Paced> {
    return this.#ask(["pace", target, pace], pace.warmUp + pace.duration) as Promise<Paced>;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stop(this.#child);
  }

  async #ask(command: Command, duration: number): Promise<unknown> {
    const patience = duration + PATIENCE;
    const alarm = new AbortController();
    const timer = setTimeout(() => alarm.abort(new Error(`no answer within ${patience} ms`)), patience);
    const signal = AbortSignal.any([this.#ended.signal, alarm.signal]);
    this.#child.send(command);
    const [answer] = (await once(this.#child, "message", { signal })
      .catch(() => {
        throw signal.reason;
      })
      .finally(() => clearTimeout(timer))) as [Answer];
    if ("failed" in answer) throw new Error(answer.failed);
    return answer.result;
  }
}
