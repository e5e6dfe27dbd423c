import { relative } from "node:path";
import { type AppOptions, createApp } from "../app.ts";
import { findMaster } from "../control/find-master.ts";
import { makeOwnFolder } from "../control/own-folder.ts";
import type { RunFiles } from "../control/run-files.ts";
import { ClusterError } from "../errors.ts";
import { type ClusterLogger, lineLogger } from "../logger.ts";
import { type DaemonParent, startDaemon } from "../process/daemon.ts";
import { madeWorkers, Worker } from "../worker.ts";
import { runProgram } from "./run-program.ts";
import type { Terminal } from "./terminal.ts";

/** How it is to be started. */
export interface StartOptions {
  readonly isQuiet: boolean;
  readonly isWatching: boolean;
}

/** `node chat.ts`: what a user types in front of a command, here. */
export function programName(startFile: string): string {
  const path = relative("", startFile);
  return `node ${path.length < startFile.length ? path : startFile}`;
}

/** Runs all Workers of this program in this process and those that it forks, until it is told to stop. */
export async function start(
  startFile: string,
  files: RunFiles,
  daemon: DaemonParent | undefined,
  options: StartOptions,
  appOptions: AppOptions,
): Promise<void> {
  process.title = `${Worker.processTitle}: master process  start_file=${startFile}`;
  Worker.daemonize = daemon !== undefined;
  const logFile = Worker.logFile || (daemon && files.log);
  const logger = lineLogger(logFile);
  const workers = madeWorkers();
  await runProgram({
    ...options,
    app: createApp(workers, {
      ...appOptions,
      logger: daemon === undefined ? logger : heardBy(daemon, logger),
    }),
    workers,
    files,
    program: programName(startFile),
    startFile,
    stopTimeout: Worker.stopTimeout,
    logger,
    daemon,
    isLogOurs: daemon !== undefined && Worker.logFile === "",
  });
}

/** Whoever waits for it to be ready hears what keeps it from that. */
function heardBy(daemon: DaemonParent, logger: ClusterLogger): ClusterLogger {
  return {
    info: (details, sentence) => logger.info(details, sentence),
    warn(details, sentence) {
      daemon.says(sentence);
      logger.warn(details, sentence);
    },
    error(details, sentence) {
      daemon.says(sentence);
      logger.error(details, sentence);
    },
  };
}

/** Starts this program in the background, and resolves when all its workers are ready. */
export async function startInBackground(
  startFile: string,
  files: RunFiles,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (files.ownFolder !== undefined) makeOwnFolder(files.ownFolder);
  refuseTwice(files);
  const program = {
    file: startFile,
    args: process.argv.slice(2),
    execArgv: process.execArgv,
    env: process.env,
    stdoutFile: Worker.stdoutFile,
    logFile: Worker.logFile || files.log,
  };
  await startDaemon(program, { says: (sentence) => terminal.out(sentence), signal });
}

/** The daemon would notice too: it has the last word, for two may be started at once. */
function refuseTwice(files: RunFiles): void {
  let pid: number;
  try {
    pid = findMaster(files).pid;
  } catch (error) {
    if (error instanceof ClusterError && error.code === "NOT_RUNNING") return;
    throw error;
  }
  throw new ClusterError("ALREADY_RUNNING", `already running (pid ${pid})`);
}
