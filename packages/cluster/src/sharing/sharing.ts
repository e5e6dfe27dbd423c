import type { ToWorker } from "../process/messages.ts";
import type { WorkerStatus } from "../status.ts";

/** A process that is to serve connections. */
export interface Member {
  /** Of the Worker. */
  readonly id: number;
  send(message: ToWorker, handle?: object, sent?: (error: Error | null) => void): void;
}

/** How connections come to the processes of one Worker, without a byte of them read here. */
export interface Sharing {
  readonly accept: WorkerStatus["accept"];
  /** Where they come in: `tcp://127.0.0.1:2347`. */
  readonly address: string;
  /** The process has started: it gets connections from now on … */
  join(member: Member): void;
  /** … until now: it drains, or is gone. */
  leave(member: Member): void;
  /** Nobody else is let in, but by processes that listen still. What comes behind does nothing. */
  close(): void;
}
