import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type App, type AppOptions, type AppWorker, createApp } from "../../src/index.ts";
import { Log } from "./log.ts";

/** A folder of its own, which is removed when the test is over. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file that programs read their version from when they are loaded. */
export function versionFile(version: string): { path: string; set(version: string): void } {
  const path = join(freshFolder(), "version");
  const set = (next: string) => writeFileSync(path, next);
  set(version);
  return { path, set };
}

export function programPath(name: string): string {
  return join(import.meta.dirname, "../programs", `${name}.ts`);
}

/** What a program finds in its environment. Compiled code is kept: a process is up in a third of the time. */
export function programEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_COMPILE_CACHE: join(import.meta.dirname, "../../node_modules/.cache"),
    ...env,
  };
}

export interface Launched {
  app: App;
  log: Log;
  address: string;
}

/** An app of these Workers, whose processes run `programs/<program>.ts`; it is over with the test. */
export async function launch(
  program: string,
  workers: readonly AppWorker[],
  env: NodeJS.ProcessEnv = {},
  options: AppOptions = {},
): Promise<Launched> {
  const log = new Log();
  const app = createApp(workers, {
    file: programPath(program),
    args: [],
    execArgv: ["--conditions=@sock/source", "--disable-warning=ExperimentalWarning"],
    env: programEnv(env),
    logger: log.logger,
    ...options,
  });
  onTestFinished(() => app.kill());
  await app.start();
  return { app, log, address: app.addresses[0] ?? "" };
}
