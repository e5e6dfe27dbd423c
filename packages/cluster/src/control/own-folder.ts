import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { ClusterError } from "../errors.ts";

/**
 * Makes the folder for our files, when it is missing.
 * @throws ClusterError `NO_PERMISSION`: somebody else has made it, or others may write there
 */
export function makeOwnFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkOwnFolder(folder);
}

/**
 * Whoever may write there could answer our commands, or be sent our signals: in `/tmp`, anybody can be the first to make it. A
 * folder that is missing is in order.
 * @throws ClusterError `NO_PERMISSION`
 */
export function checkOwnFolder(folder: string, uid = process.getuid?.()): void {
  // Windows: it lies in the user's own folder.
  if (uid === undefined) return;
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const fault = found && faultOf(found, uid);
  if (fault !== undefined)
    throw new ClusterError("NO_PERMISSION", `${folder} ${fault}: remove it, or set another pidFile`);
}

function faultOf(found: Stats, uid: number): string | undefined {
  if (!found.isDirectory()) return "is no folder";
  if (found.uid !== uid) return `belongs to user ${found.uid}, and this is user ${uid}`;
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0) return `is open to others (mode ${mode.toString(8)})`;
  return undefined;
}
