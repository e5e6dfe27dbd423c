import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const examples = resolve(import.meta.dirname, "../../examples");

/** An example in a process of its own, started as its users start it. Ends with the scope that it is used in. */
export class Example implements AsyncDisposable {
  stdout = "";
  stderr = "";
  /** Its exit code, or the signal that ended it; all that it said is there then. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly #process: ChildProcessWithoutNullStreams;

  constructor(name: string, ...args: string[]);
  /** With more in its environment. */
  constructor(env: NodeJS.ProcessEnv, name: string, ...args: string[]);
  constructor(...words: [...(string | NodeJS.ProcessEnv)[]]) {
    const env = typeof words[0] === "object" ? words.shift() : {};
    const [name, ...args] = words as string[];
    const file = resolve(examples, `${name}.ts`);
    this.#process = spawn(process.execPath, ["--conditions=@sock/source", file, ...args], {
      env: { ...process.env, ...(env as NodeJS.ProcessEnv) },
    });
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.#process, "close").then(([code, signal]) => code ?? signal);
  }

  /** Waits until it has said so on stdout. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const said = what.exec(this.stdout);
      if (said) return said;
      const end = await Promise.race([once(this.#process.stdout, "data"), this.ended]);
      if (!Array.isArray(end)) throw new Error(`ended with ${end}: ${this.stdout}${this.stderr}`);
    }
  }

  /** The first words of a server: where it listens. */
  async address(): Promise<string> {
    const [, address] = await this.says(/^listening on (\S+)$/m);
    return address!;
  }

  type(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** The end of what is typed. */
  typeEnd(): void {
    this.#process.stdin.end();
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.#process.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
