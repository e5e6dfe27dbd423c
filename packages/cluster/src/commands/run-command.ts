import type { EventLoop } from "@sock/core";
import { type Answer, askMaster } from "../control/ask-master.ts";
import { findMaster } from "../control/find-master.ts";
import type { ControlRequest } from "../control/protocol.ts";
import type { RunFiles } from "../control/run-files.ts";
import { ClusterError } from "../errors.ts";
import { isRunning, type PidRecord } from "../process/pid-file.ts";
import { toJsonLine } from "../status/json.ts";
import { CLOSE_SCREEN, drawScreen, OPEN_SCREEN } from "../status/live-screen.ts";
import { ratesBetween } from "../status/rates.ts";
import { renderConnections } from "../status/render-connections.ts";
import { renderStatus } from "../status/render-status.ts";
import type { AppStatus, ConnectionReport, ConnectionsReport } from "../status.ts";
import type { Command } from "./command-line.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** Commands that are for a program that runs. */
export type RemoteCommand = Exclude<Command, { do: "start" | "restart" }>;

/** What a command needs of its surroundings. */
export interface Surroundings {
  readonly files: RunFiles;
  readonly terminal: Terminal;
  readonly loop: EventLoop;
  /** Ends what has no end: `status -d`. */
  readonly signal: AbortSignal;
}

/** Connections that are shown of each process: more than anybody reads, and less than a terminal chokes on. */
const MOST_CONNECTIONS = 10_000;

/** Milliseconds between two samples of `status -d`: the ancestor's second. */
const LIVE_EVERY = 1_000;

/** Asks the running master, says what became of it, and returns with what the process ends. */
export async function runCommand(command: RemoteCommand, around: Surroundings): Promise<ExitCode> {
  try {
    await new Remote(around).run(command);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    around.terminal.err(`${around.files.name}: ${error.message}`);
    return exitCodeOf(error.code);
  }
}

class Remote {
  readonly #around: Surroundings;
  readonly #master: PidRecord;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#master = findMaster(around.files);
  }

  run(command: RemoteCommand): Promise<void> {
    switch (command.do) {
      case "stop":
        return this.#stop(command.isGraceful);
      case "reload":
        return this.#reload(command.isGraceful);
      case "status":
        return command.isLive ? this.#watch(command.isJson) : this.#status(command.isJson);
      case "connections":
        return this.#connections(command.isJson);
    }
  }

  async #stop(isGraceful: boolean): Promise<void> {
    this.#say(isGraceful ? "stopping gracefully …" : "stopping …");
    try {
      await this.#do({ do: "stop", isGraceful });
      await this.#gone();
    } catch (error) {
      throw inContext("stop failed", error);
    }
    this.#say("stopped");
  }

  async #reload(isGraceful: boolean): Promise<void> {
    this.#say("reloading …");
    try {
      await this.#do({ do: "reload", isGraceful });
    } catch (error) {
      throw inContext("reload failed", error);
    }
    this.#say("reloaded");
  }

  async #status(isJson: boolean): Promise<void> {
    for await (const answer of this.#ask({ do: "status" }))
      if (answer.is === "status") this.#print(answer.status, isJson, renderStatus(answer.status));
  }

  /** On a terminal, one sample in place of the other; into a pipe, one behind the other. */
  async #watch(isJson: boolean): Promise<void> {
    const { terminal } = this.#around;
    const isScreen = terminal.size !== undefined && !isJson;
    let before: AppStatus | undefined;
    if (isScreen) terminal.write(OPEN_SCREEN);
    try {
      for await (const answer of this.#ask({ do: "status", every: LIVE_EVERY })) {
        if (answer.is !== "status") continue;
        const { status } = answer;
        const lines = renderStatus(status, ratesBetween(before ?? status, status));
        const { size } = terminal;
        if (isScreen && size !== undefined) terminal.write(drawScreen(lines, size));
        else this.#print(status, isJson, lines);
        before = status;
      }
    } finally {
      if (isScreen) terminal.write(CLOSE_SCREEN);
    }
  }

  async #connections(isJson: boolean): Promise<void> {
    const connections: ConnectionReport[] = [];
    let report: ConnectionsReport = { connections, left: 0, busy: [] };
    for await (const answer of this.#ask({ do: "connections", most: MOST_CONNECTIONS })) {
      if (answer.is === "connections") connections.push(...answer.connections);
      if (answer.is === "connectionsEnd") report = { connections, left: answer.left, busy: answer.busy };
    }
    this.#print(report, isJson, renderConnections(report));
  }

  async *#ask(request: ControlRequest): AsyncGenerator<Answer, void, void> {
    const { loop, signal } = this.#around;
    const { pid, control } = this.#master;
    try {
      yield* askMaster(control, request, { loop, signal });
    } catch (cause) {
      if (!(cause instanceof ClusterError && cause.code === "NOT_RUNNING")) throw cause;
      // Its process is there: it was looked for.
      const sentence = `process ${pid} runs, and takes no commands: it is about to start, or to end`;
      throw new ClusterError("NO_ANSWER", sentence, { cause });
    }
  }

  async #do(request: ControlRequest): Promise<void> {
    for await (const _ of this.#ask(request));
    this.#around.signal.throwIfAborted();
  }

  /** It has answered, and is about to end: its files go, its process goes. Only its parent would be told of that. */
  async #gone(): Promise<void> {
    const { loop, signal } = this.#around;
    const deadline = loop.now() + GONE_WITHIN;
    while (isRunning(this.#master)) {
      signal.throwIfAborted();
      if (loop.now() > deadline)
        throw new ClusterError(
          "NO_ANSWER",
          `process ${this.#master.pid} has stopped its workers, and is still there`,
        );
      await new Promise<void>((resolve) => loop.after(LOOK_EVERY, resolve));
    }
  }

  #print(report: AppStatus | ConnectionsReport, isJson: boolean, lines: readonly string[]): void {
    const { terminal } = this.#around;
    for (const line of isJson ? [toJsonLine(report)] : lines) terminal.out(line);
  }

  #say(sentence: string): void {
    this.#around.terminal.out(`${this.#around.files.name}: ${sentence}`);
  }
}

/** Milliseconds for the master's process to go when its workers are gone, and between two looks. */
const GONE_WITHIN = 10_000;
const LOOK_EVERY = 20;

function inContext(what: string, error: unknown): unknown {
  if (!(error instanceof ClusterError)) return error;
  return new ClusterError(error.code, `${what}: ${error.message}`, { cause: error });
}
