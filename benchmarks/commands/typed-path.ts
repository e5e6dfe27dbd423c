import { resolve } from "node:path";

/** What was typed is meant from where one was: scripts run in the folder of the workspace. */
export function typedPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}
