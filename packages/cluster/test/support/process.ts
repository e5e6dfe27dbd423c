import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A program of this folder in a process of its own, which is killed when the test is over. */
export class Program {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #told: () => void = () => {};

  constructor(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(
      process.execPath,
      ["--conditions=@sock/source", join(import.meta.dirname, file), ...args],
      { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } },
    );
    onTestFinished(() => void this.child.kill("SIGKILL"));
    this.#ended = once(this.child, "close");
    for (const stream of [this.child.stdout!, this.child.stderr!])
      createInterface(stream).on("line", (line) => {
        this.lines.push(line);
        this.#told();
      });
    void this.#ended.then(() => this.#told());
  }

  get pid(): number {
    return this.child.pid!;
  }

  get output(): string {
    return this.lines.join("\n");
  }

  /** The first line that matches; throws with all that was said when the process has ended without it. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        await this.#ended;
        const last = this.lines.find((line) => pattern.test(line));
        if (last !== undefined) return last;
        throw new Error(`ended without ${pattern}:\n${this.output}`);
      }
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
  }

  /** With what it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }
}
