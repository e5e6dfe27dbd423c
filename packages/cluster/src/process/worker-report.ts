import type { Connection } from "@sock/core";
import type { ConnectionReport, WorkerReport } from "../status.ts";
import { type AnyWorker, innerWorkers } from "../worker.ts";

type Utilization = ReturnType<typeof performance.eventLoopUtilization>;

/** What this worker process says of itself when it is asked. */
export class Reporter {
  readonly #worker: AnyWorker;
  #before: Utilization = performance.eventLoopUtilization();

  constructor(worker: AnyWorker) {
    this.#worker = worker;
  }

  /** Messages that came since the process began. */
  get requests(): number {
    return this.#sum("messagesReceived");
  }

  async report(): Promise<WorkerReport> {
    const asked = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 0));
    const { rss, heapUsed } = process.memoryUsage();
    const before = this.#before;
    this.#before = performance.eventLoopUtilization();
    return {
      memory: { rss, heapUsed },
      connections: this.#sum("connections"),
      opened: this.#sum("opened"),
      refused: this.#sum("refused"),
      requests: this.requests,
      sent: this.#sum("messagesSent"),
      dropped: this.#sum("dropped"),
      errors: this.#sum("errors"),
      bytesRead: this.#sum("bytesRead"),
      bytesWritten: this.#sum("bytesWritten"),
      timers: process.getActiveResourcesInfo().filter((what) => what === "Timeout").length,
      lag: Math.max(0, performance.now() - asked - 1),
      utilization: performance.eventLoopUtilization(this.#before, before).utilization,
    };
  }

  /** `most` of the connections, the oldest first. */
  connections(most: number): { connections: ConnectionReport[]; left: number } {
    const connections: ConnectionReport[] = [];
    let left = 0;
    for (const worker of this.#all()) {
      for (const connection of worker.connections) {
        if (connections.length < most) connections.push(this.#describe(worker, connection));
        else left += 1;
      }
    }
    return { connections, left };
  }

  #describe(worker: AnyWorker, connection: Connection<never, never, never, never>): ConnectionReport {
    return {
      pid: process.pid,
      worker: worker.name,
      workerId: this.#worker.id,
      id: connection.id,
      transport: connection.transport,
      protocol: connection.protocol || worker.codec?.name || "custom",
      state: connection.state,
      ipVersion: connection.isIpV4() ? 4 : connection.isIpV6() ? 6 : undefined,
      recvQueue: connection.recvBufferSize,
      sendQueue: connection.sendBufferSize,
      bytesRead: connection.bytesRead,
      bytesWritten: connection.bytesWritten,
      dropped: connection.dropped,
      localAddress: connection.getLocalAddress(),
      remoteAddress: connection.getRemoteAddress(),
    };
  }

  #sum(what: Count): number {
    let sum = 0;
    for (const worker of this.#all()) sum += worker.server?.stats()[what] ?? 0;
    return sum;
  }

  *#all(): Iterable<AnyWorker> {
    yield this.#worker;
    yield* innerWorkers();
  }
}

type Count =
  | "connections"
  | "opened"
  | "refused"
  | "messagesReceived"
  | "messagesSent"
  | "dropped"
  | "errors"
  | "bytesRead"
  | "bytesWritten";
