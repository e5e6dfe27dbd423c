import { type CpuTime, cpuShare, cpuTime } from "../method/cpu-time.ts";

/** What was counted. */
export interface Round {
  perSecond: number;
  /** In parts of the time that was counted; undefined where the system does not tell. */
  cpu: { server: CpuTime; load: CpuTime } | undefined;
}

/** Counts what comes between `start` and `end`, and what CPU time goes into it here and in the process `server`. */
export class Count {
  readonly #server: number;
  readonly #counted: () => number;
  readonly #before;

  /** Begins. `counted` tells how much there has been so far. */
  constructor(server: number, counted: () => number) {
    this.#server = server;
    this.#counted = counted;
    this.#before = this.#look();
  }

  end(): Round {
    const before = this.#before;
    const after = this.#look();
    const elapsed = after.at - before.at;
    const server = cpuShare(before.server, after.server, elapsed);
    const load = cpuShare(before.load, after.load, elapsed);
    return {
      perSecond: ((after.counted - before.counted) / elapsed) * 1000,
      cpu: server && load && { server, load },
    };
  }

  #look() {
    return {
      at: performance.now(),
      counted: this.#counted(),
      server: cpuTime(this.#server),
      load: cpuTime(process.pid),
    };
  }
}
