import { ClusterError } from "../errors.ts";
import { isRunning, type PidRecord, readPidFile } from "../process/pid-file.ts";
import { checkOwnFolder } from "./own-folder.ts";
import type { RunFiles } from "./run-files.ts";

/**
 * The running master of a program.
 * @throws ClusterError `NOT_RUNNING`, with where was looked; `NO_PERMISSION`
 */
export function findMaster({ pidFile, ownFolder }: RunFiles): PidRecord {
  if (ownFolder !== undefined) checkOwnFolder(ownFolder);
  const record = readPidFile(pidFile);
  if (record === undefined) throw new ClusterError("NOT_RUNNING", `not running (there is no ${pidFile})`);
  if (isRunning(record)) return record;
  throw new ClusterError("NOT_RUNNING", `not running (process ${record.pid} of ${pidFile} has died)`);
}
