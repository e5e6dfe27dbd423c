import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { type Program, type StartOptions, start, stop } from "./processes.ts";

/** Milliseconds for an answer. */
const PATIENCE = 60_000;

/** A process that answers questions, one at a time. It will not outlive this one. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #ended = new AbortController();

  constructor(program: Program, options: StartOptions = {}) {
    this.#process = start(program, ["ignore", "inherit", "inherit", "ipc"], options);
    this.pid = this.#process.pid!;
    this.#process.once("exit", () => this.#ended.abort(new Error(`${program.file} has ended`)));
  }

  /** @throws Error when it ends, or does not answer in time */
  async ask<Answer>(...question: [name: string, ...parameters: unknown[]]): Promise<Answer> {
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(PATIENCE)]);
    signal.throwIfAborted();
    const answered = once(this.#process, "message", { signal });
    this.#process.send(question);
    const [{ answer }] = await answered.catch((error) => {
      throw signal.reason ?? error;
    });
    return answer as Answer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stop(this.#process);
  }
}

/** Within a child: what it can be asked. What is thrown ends it. */
export function answer(questions: Record<string, (...parameters: never[]) => unknown>): void {
  process.on("message", async ([name, ...parameters]: [name: string, ...parameters: never[]]) => {
    process.send?.({ answer: await questions[name]!(...parameters) });
  });
  process.on("disconnect", () => process.exit());
  // An orderly exit: that is when `--cpu-prof` writes.
  process.on("SIGTERM", () => process.exit());
}
