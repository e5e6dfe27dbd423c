export { type App, type AppOptions, type AppWorker, createApp } from "./app.ts";
export { ClusterError, type ClusterErrorCode } from "./errors.ts";
export { type ClusterLogger, lineLogger } from "./logger.ts";
export { type RunOptions, runAll } from "./run-all.ts";
export type {
  AppStatus,
  ConnectionReport,
  ConnectionsReport,
  ExitCount,
  ProcessState,
  ProcessStatus,
  WorkerReport,
  WorkerStatus,
} from "./status.ts";
export { type Accept, type RawWorkerOptions, Worker, type WorkerOptions } from "./worker.ts";
