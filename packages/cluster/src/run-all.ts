import { eventLoop } from "@sock/core";
import { type App, createApp, ownRole } from "./app.ts";
import { madeWorkers, Worker } from "./worker.ts";

/**
 * Runs all Workers that were made in this program, by its command line: `node chat.ts start`.
 *
 * In the foreground, with its log on stdout: SIGINT and SIGTERM stop it, with `Worker.stopTimeout` for connections to finish; SIGQUIT
 * stops it with all the time that they need; a second one of these ends all at once. SIGUSR1, SIGUSR2 and SIGHUP reload; where
 * a terminal was lost, SIGHUP stops. The exit code is 0 after a stop, and 1 when it cannot start.
 */
export function runAll(): void {
  if (ownRole() !== undefined) return void createApp(madeWorkers()).start();
  const command = process.argv.slice(2).find((word) => word in COMMANDS);
  if (command !== undefined) return void COMMANDS[command]?.();
  const [given] = process.argv.slice(2);
  if (given !== undefined) console.error(`Unknown command: ${given}`);
  console.error(
    `Usage: node ${process.argv[1]} <command>\nCommands:\nstart  Starts the workers, in the foreground.`,
  );
  process.exitCode = 2;
}

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { start };

async function start(): Promise<void> {
  const app = createApp(madeWorkers());
  process.title = `${Worker.processTitle}: master process  start_file=${process.argv[1]}`;
  const stopped = stopBySignal(app);
  reloadBySignal(app);
  try {
    await app.start();
  } catch (error) {
    if (isStopped(error)) return;
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
  await stopped;
}

/** Resolves when all has ended. Then nothing is left that keeps this process alive but what the program itself has begun. */
function stopBySignal(app: App): Promise<void> {
  let asked = 0;
  return new Promise((resolve) => {
    const stop = (within: number) => {
      asked += 1;
      const stopping = asked === 1 ? app.stop({ within }) : app.kill();
      void stopping.then(() => {
        resolve();
        process.exit(0);
      });
    };
    const withDeadline = () => stop(Worker.stopTimeout);
    for (const signal of ["SIGINT", "SIGTERM"] as const) eventLoop.onSignal(signal, withDeadline);
    if (process.platform !== "win32") eventLoop.onSignal("SIGQUIT", () => stop(Infinity));
    if (process.stdout.isTTY) eventLoop.onSignal("SIGHUP", withDeadline);
  });
}

function reloadBySignal(app: App): void {
  if (process.platform === "win32") return;
  // What has failed has been said in the log.
  const reload = () => void app.reload().catch(() => undefined);
  // Node starts its inspector at SIGUSR1 where nobody listens.
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) eventLoop.onSignal(signal, reload);
  if (!process.stdout.isTTY) eventLoop.onSignal("SIGHUP", reload);
}

function isStopped(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "STOPPED";
}
