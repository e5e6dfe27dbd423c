import { ManualClock } from "@sock/timer/manual";
import type { Exit } from "../../src/process/exit-reason.ts";
import type { FromWorker, Role, ToWorker } from "../../src/process/messages.ts";
import type { SpawnedHandler } from "../../src/process/spawn.ts";
import { type Supervised, Supervisor, type SupervisorOptions } from "../../src/supervisor.ts";
import { Log } from "./log.ts";

/** A process in the hand of the test. */
export class FakeProcess {
  readonly pid: number;
  readonly role: Role;
  /** What it was told, in words; `kill` among it. */
  readonly told: string[] = [];
  readonly asked: ToWorker[] = [];
  readonly #handler: SpawnedHandler;

  constructor(pid: number, role: Role, handler: SpawnedHandler) {
    this.pid = pid;
    this.role = role;
    this.#handler = handler;
  }

  send(message: ToWorker): void {
    this.asked.push(message);
    this.told.push(message.is);
  }

  kill(): void {
    this.told.push("kill");
  }

  says(message: FromWorker): void {
    this.#handler.said(message);
  }

  isReady(): void {
    this.says({ is: "started" });
    this.says({ is: "ready" });
  }

  ends(exit: Exit = { code: 0, signal: null }): void {
    this.#handler.gone(exit);
  }
}

/** A supervisor of fake processes, by a clock that the test moves. */
export function supervised(worker: Partial<Supervised> = {}, options: Partial<SupervisorOptions> = {}) {
  const clock = new ManualClock();
  const log = new Log();
  const processes: FakeProcess[] = [];
  const exited: string[] = [];
  const supervisor = new Supervisor({
    workers: [
      {
        name: "web",
        asked: "",
        count: 1,
        reloadable: true,
        maxEventLoopLag: Infinity,
        sharing: undefined,
        ...worker,
      },
    ],
    app: "",
    stopTimeout: 8_000,
    startTimeout: 60_000,
    drainTimeout: 30_000,
    reloadShare: 0,
    spawn(_, role, handler) {
      const process = new FakeProcess(1_000 + processes.length, role, handler);
      processes.push(process);
      return process;
    },
    clock,
    random: () => 0.5,
    logger: log.logger,
    exited: (_, status, pid) => exited.push(`${pid} ${status}`),
    stopped: () => exited.push("all"),
    ...options,
  });
  return { clock, log, processes, supervisor, exited };
}
