import { eventLoop } from "@sock/core";
import { type AppOptions, createApp, ownRole } from "./app.ts";
import { type Command, readCommandLine } from "./commands/command-line.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./commands/exit-code.ts";
import { runCommand, type Surroundings } from "./commands/run-command.ts";
import { programName, start, startInBackground } from "./commands/start.ts";
import { terminal } from "./commands/terminal.ts";
import { usage } from "./commands/usage.ts";
import { runFilesOf } from "./control/run-files.ts";
import { ClusterError } from "./errors.ts";
import { daemonParent } from "./process/daemon.ts";
import { madeWorkers, Worker } from "./worker.ts";

/** What a program may want otherwise than it is by default. */
export type RunOptions = Pick<AppOptions, "startTimeout" | "drainTimeout" | "reloadShare">;

/**
 * Runs all Workers that were made in this program, by its command line, and ends the process: `node chat.ts start`, `stop`,
 * `restart`, `reload`, `status`, `connections`; `node chat.ts --help` tells their options. The first command anywhere in the
 * command line counts; other words are the program's own.
 *
 * In the foreground, with its log on stdout, SIGINT and SIGTERM stop it, with `Worker.stopTimeout` for connections to finish; SIGQUIT
 * stops it with all the time that they need; a second one of these ends all at once. SIGUSR1, SIGUSR2 and SIGHUP reload; where
 * a terminal was lost, SIGHUP stops.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running, 4 already running, 5 no permission, 6 the master does not answer.
 */
export function runAll(options: RunOptions = {}): void {
  if (ownRole() !== undefined) return void createApp(madeWorkers()).start();
  const startFile = process.argv[1] ?? "";
  const line = readCommandLine(process.argv.slice(2));
  if (line.is === "command") return void carryOut(line.command, startFile, options).then(exit);
  const show = line.is === "help" ? terminal.out : terminal.err;
  if (line.is === "wrong") show(line.sentence);
  for (const text of usage(programName(startFile))) show(text);
  exit(line.is === "help" ? EXIT.done : EXIT.usage);
}

async function carryOut(command: Command, startFile: string, options: RunOptions): Promise<ExitCode> {
  const daemon = daemonParent();
  let name = startFile;
  try {
    const files = runFilesOf(startFile, Worker.pidFile);
    name = files.name;
    const around = { files, terminal, loop: eventLoop, signal: new AbortController().signal };
    if (command.do !== "start" && command.do !== "restart")
      return await runCommand(command, { ...around, signal: interrupted() });
    if (command.do === "restart" && daemon === undefined) {
      const code = await stopFirst(command.isGraceful, around);
      if (code !== EXIT.done) return code;
    }
    if (daemon === undefined && (command.isDaemon || Worker.daemonize))
      await startInBackground(startFile, files, terminal, interrupted());
    else await start(startFile, files, daemon, command, options);
    return EXIT.done;
  } catch (error) {
    await daemon?.failed(error);
    // A daemon's stderr is its log.
    terminal.err(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof ClusterError ? exitCodeOf(error.code) : EXIT.failed;
  }
}

/** What does not run need not be stopped. */
async function stopFirst(isGraceful: boolean, around: Surroundings): Promise<ExitCode> {
  const code = await runCommand({ do: "stop", isGraceful }, around);
  return code === EXIT.notRunning ? EXIT.done : code;
}

/** Aborted by Ctrl+C, and when nobody reads any more what is shown. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new ClusterError("FAILED", "interrupted"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) eventLoop.onSignal(signal, abort);
  process.stdout.on("error", abort);
  return controller.signal;
}

/** When all has been written. What the program itself has begun does not keep it alive. */
function exit(code: ExitCode): void {
  process.stdout.write("", () => process.exit(code));
}
