// A program that can be started in the background: by itself, as `start <behaviour> <folder>`, or as the daemon.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemonParent, startDaemon } from "../../src/process/daemon.ts";

const [behaviour = "", folder = ""] = process.argv.slice(2);
const parent = daemonParent();

if (parent === undefined) await start();
else await serve();

async function start(): Promise<void> {
  const interrupted = new AbortController();
  process.on("SIGINT", () => interrupted.abort(new Error("interrupted")));
  try {
    const pid = await startDaemon(
      {
        file: import.meta.filename,
        args: process.argv.slice(2),
        execArgv: process.execArgv,
        env: process.env,
        stdoutFile: behaviour === "unwritable" ? join(folder, "no/such") : join(folder, "out"),
        logFile: join(folder, "err"),
      },
      {
        says: (sentence) => console.log(`says: ${sentence}`),
        signal: interrupted.signal,
        within: behaviour === "dawdles" ? 1 : 60_000,
      },
    );
    console.log(`started ${pid}`);
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    console.log(`failed ${code}: ${message}`);
    process.exitCode = 1;
  }
}

async function serve(): Promise<void> {
  console.log("to stdout");
  console.error("to stderr");
  writeFileSync(join(folder, "env"), String(process.env.SOCK_DAEMON));
  if (behaviour === "exits") process.exit(7);
  if (behaviour === "fails") {
    await parent?.failed(new Error("no such table"));
    process.exit(1);
  }
  const stay = setInterval(() => {}, 1_000);
  process.on("SIGTERM", () => {
    writeFileSync(join(folder, "ended"), "");
    clearInterval(stay);
  });
  parent?.says(`pid ${process.pid}`);
  if (behaviour === "ready") parent?.ready();
}
