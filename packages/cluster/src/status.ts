/** What one worker process says of itself. */
export interface WorkerReport {
  /** Bytes of the process, and of its JavaScript objects. */
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  /** Connections that are open, those of inner Workers included. */
  readonly connections: number;
  /** Since the process began: connections accepted, and turned away. */
  readonly opened: number;
  readonly refused: number;
  /** Since the process began: messages that came, that were accepted to be sent, and that were dropped. */
  readonly requests: number;
  readonly sent: number;
  readonly dropped: number;
  readonly errors: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Timers that are set, of Node and of this engine. */
  readonly timers: number;
  /** Milliseconds by which the event loop was late when this was asked. */
  readonly lag: number;
  /** The part of the time since the last report, or the start, in which the event loop was at work: 0 to 1. */
  readonly utilization: number;
}

/**
 * - `"starting"`: not ready yet
 * - `"idle"`: it answered at once
 * - `"busy"`: it did not answer in time: its event loop is blocked
 * - `"draining"`: it is being replaced, or stops, and lets its connections finish
 * - `"waiting"`: it died, and the next one comes later
 */
export type ProcessState = "starting" | "idle" | "busy" | "draining" | "waiting";

/** One process of a Worker. */
export interface ProcessStatus {
  readonly id: number;
  /** Undefined while the next one is waited for. */
  readonly pid: number | undefined;
  readonly state: ProcessState;
  /** Milliseconds since it was forked. */
  readonly uptime: number;
  /** Absent when it did not answer. */
  readonly report: WorkerReport | undefined;
}

/** How processes of a Worker have ended that should not have. */
export interface ExitCount {
  /** `"exit code 1"`, `"SIGKILL"`. */
  readonly status: string;
  /** The same in words, of the last one. */
  readonly reason: string;
  readonly count: number;
}

/** One Worker, and its processes. */
export interface WorkerStatus {
  readonly name: string;
  /** Where it really listens; `"none"`. */
  readonly address: string;
  readonly user: string;
  readonly count: number;
  /** How connections come to its processes. */
  readonly accept: "reusePort" | "shared" | "handover" | "none";
  readonly exits: readonly ExitCount[];
  readonly processes: readonly ProcessStatus[];
}

/** What the master and its workers do. */
export interface AppStatus {
  /** Of the master: its process, its @sock/cluster, its Node, when it began (ms since 1970), and for how many ms it runs. */
  readonly pid: number;
  readonly packageVersion: string;
  readonly node: string;
  readonly startFile: string;
  readonly startedAt: number;
  readonly uptime: number;
  /** Of the machine, over 1, 5 and 15 minutes. */
  readonly loadAverage: readonly number[];
  readonly state: "idle" | "running" | "reloading" | "stopping" | "stopped";
  readonly workers: readonly WorkerStatus[];
}

/** One connection of a worker process. */
export interface ConnectionReport {
  readonly pid: number;
  /** The Worker's name, and the id of its process. */
  readonly worker: string;
  readonly workerId: number;
  readonly id: number;
  /** `"tcp"`, `"unix"`. */
  readonly transport: string;
  readonly protocol: string;
  readonly state: string;
  readonly ipVersion: 4 | 6 | undefined;
  /** Bytes that came and are not decoded, and that wait to be sent. */
  readonly recvQueue: number;
  readonly sendQueue: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly dropped: number;
  readonly localAddress: string;
  readonly remoteAddress: string;
}

/** Connections, as far as they were asked for. */
export interface ConnectionsReport {
  readonly connections: readonly ConnectionReport[];
  /** How many more there are. */
  readonly left: number;
  /** Processes that did not answer in time. */
  readonly busy: readonly number[];
}
