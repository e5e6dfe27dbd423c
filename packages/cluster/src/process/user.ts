import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { ClusterError } from "../errors.ts";

/** Whom a process runs as. Absent: as its parent does. */
export interface Identity {
  uid?: number;
  gid?: number;
}

/**
 * The numbers of a user and a group, by their names or by themselves. The group is the user's own unless another is given.
 * @throws ClusterError `NO_SUCH_USER`: to go on as root would be the worst answer
 */
export function identityOf(user: string, group: string): Identity {
  const identity: Identity = {};
  if (user !== "") {
    identity.uid = idOf("user", user, "-u");
    identity.gid = idOf("user", user, "-g");
  }
  if (group !== "") identity.gid = groupIdOf(group);
  return identity;
}

/** Whether this process may become others. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** By the system's own tools, which know of directories on the network too. */
function idOf(what: string, name: string, flag: "-u" | "-g"): number {
  return numberFrom(what, name, () => execFileSync("id", [flag, "--", name], QUIET).trim());
}

function groupIdOf(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  return numberFrom("group", name, () => execFileSync("getent", ["group", name], QUIET).split(":")[2] ?? "");
}

const QUIET: ExecFileSyncOptionsWithStringEncoding = {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "ignore"],
};

function numberFrom(what: string, name: string, read: () => string): number {
  try {
    const id = Number.parseInt(read(), 10);
    if (Number.isSafeInteger(id)) return id;
  } catch (cause) {
    throw new ClusterError("NO_SUCH_USER", `there is no ${what} "${name}"`, { cause });
  }
  throw new ClusterError("NO_SUCH_USER", `there is no ${what} "${name}"`);
}
