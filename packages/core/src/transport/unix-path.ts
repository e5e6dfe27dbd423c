import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";

/** Removes a socket that a dead process has left behind. False: somebody listens there, or it is no socket. */
export async function removeStalePath(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return true;
  if (!found.isSocket() || !(await isDead(path))) return false;
  await unlink(path).catch(ignoreMissing);
  return true;
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

/** Somebody else was as quick as we were. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
