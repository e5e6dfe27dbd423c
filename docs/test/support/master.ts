import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const examples = resolve(import.meta.dirname, "../../examples");

/** An example with Workers: its master, in the foreground, with its files in a folder of its own. Ends with its scope. */
export class Master implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "sock-master-"));
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  #told = Promise.withResolvers<void>();

  constructor(name: string, env: NodeJS.ProcessEnv = {}) {
    this.#env = { ...process.env, TMPDIR: this.folder, ...env };
    this.#file = resolve(examples, `${name}.ts`);
    this.#process = this.#run("start");
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      createInterface(stream).on("line", (line) => this.#hear(line));
    this.#ended = once(this.#process, "close").then(([code, signal]) => {
      this.#told.resolve();
      return code ?? signal;
    });
  }

  /** When so many lines match, these. */
  async says(what: RegExp, times = 1): Promise<RegExpExecArray[]> {
    for (;;) {
      const said = this.lines.map((line) => what.exec(line)).filter((match) => match !== null);
      if (said.length >= times) return said;
      const { exitCode, signalCode } = this.#process;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`ended without ${what}:\n${this.lines.join("\n")}`);
      await this.#told.promise;
    }
  }

  /** Where a Worker listens, when all are ready. */
  async address(worker: string): Promise<string> {
    await this.says(/^Started\./);
    const [said] = await this.says(new RegExp(` ${worker}#0 is ready at (\\S+)$`));
    return said![1]!;
  }

  /** What `reload`, `status` and their like answer, and with what they ended. */
  async command(...args: string[]): Promise<{ code: number; output: string }> {
    const child = this.#run(...args);
    let output = "";
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const [code] = await once(child, "close");
    return { code, output };
  }

  stop(): Promise<number | NodeJS.Signals> {
    this.#process.kill("SIGTERM");
    return this.#ended;
  }

  /** Its workers end when they see that their master has. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
    rmSync(this.folder, { recursive: true });
  }

  #run(...args: string[]): ChildProcess {
    return spawn(process.execPath, ["--conditions=@sock/source", this.#file, ...args], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  #hear(line: string): void {
    this.lines.push(line);
    this.#told.resolve();
    this.#told = Promise.withResolvers();
  }
}
