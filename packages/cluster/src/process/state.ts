/**
 * Where a worker process is in its life:
 *
 * - starting: it loads the program, and runs `onWorkerStart`; nobody reaches it yet
 * - ready: it has said that it serves
 * - draining: it was asked to end, accepts no more, and lets its connections finish
 * - cut: it was killed, and is not gone yet
 */
export type WorkerState = "starting" | "ready" | "draining" | "cut";

/** What moves a life on: it says that it serves, it is asked to end, it is killed. */
export type WorkerEvent = "ready" | "drain" | "kill";

/** The life of a worker process. What is not listed changes nothing. From any state it may be gone at any time. */
export const WORKER_LIFE: Readonly<Record<WorkerState, Readonly<Partial<Record<WorkerEvent, WorkerState>>>>> =
  {
    starting: { ready: "ready", drain: "draining", kill: "cut" },
    ready: { drain: "draining", kill: "cut" },
    draining: { kill: "cut" },
    cut: {},
  };
