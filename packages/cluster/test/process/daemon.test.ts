import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { findProcess } from "../../src/process/process-start.ts";
import { freshFolder } from "../support/folder.ts";
import { Program } from "../support/process.ts";
import { until } from "../support/until.ts";

function start(behaviour: string): { program: Program; folder: string } {
  const folder = freshFolder();
  return { program: new Program("daemon.ts", [behaviour, folder]), folder };
}

/** The daemon's, which is killed when the test is over. */
async function daemonPid(program: Program): Promise<number> {
  const pid = Number((await program.line(/^says: pid/)).split(" ").at(-1));
  onTestFinished(() => {
    if (findProcess(pid).is === "alive") process.kill(pid, "SIGKILL");
  });
  return pid;
}

describe.skipIf(process.platform === "win32")("a daemon", () => {
  test("goes on when whoever has started it ends, in a session of its own, with files for its output", async () => {
    const { program, folder } = start("ready");
    const pid = await daemonPid(program);
    expect(await program.exitCode()).toBe(0);
    expect(program.output).toContain(`started ${pid}`);
    expect(findProcess(pid).is).toBe("alive");
    // proc_pid_stat(5): the session is the 6th field.
    if (process.platform === "linux")
      expect(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[3]).toBe(String(pid));
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("to stdout\n");
    expect(readFileSync(join(folder, "err"), "utf8")).toContain("to stderr\n");
    expect(statSync(join(folder, "out")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "env"), "utf8")).toBe("undefined");
    process.kill(pid, "SIGTERM");
    await until(() => findProcess(pid).is === "gone");
    expect(existsSync(join(folder, "ended"))).toBe(true);
  });

  test("that fails says why", async () => {
    const { program } = start("fails");
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toBe("failed FAILED: no such table");
  });

  test("that ends without a word is told of", async () => {
    const { program } = start("exits");
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toBe("failed FAILED: it ended before it was ready (exit code 7)");
  });

  test("whose output has no place is not started", async () => {
    const { program, folder } = start("unwritable");
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toContain(`failed NO_PERMISSION: the stdoutFile ${join(folder, "no/such")}`);
  });

  test("that is not ready in time goes on without whoever waits", async () => {
    const { program } = start("dawdles");
    expect(await program.exitCode()).toBe(1);
    const [said = "", pid] =
      /^failed FAILED: it is not ready after 0\.001 s, .* \(pid (\d+)\)$/.exec(program.output) ?? [];
    expect(said).not.toBe("");
    expect(findProcess(Number(pid)).is).toBe("alive");
    process.kill(Number(pid), "SIGKILL");
  });

  test("that is not ready ends with whoever waits for it", async () => {
    const { program, folder } = start("waits");
    const pid = await daemonPid(program);
    program.child.kill("SIGINT");
    expect(await program.exitCode()).toBe(1);
    expect(program.output).toContain("interrupted");
    expect(findProcess(pid).is).toBe("gone");
    expect(existsSync(join(folder, "ended"))).toBe(true);
  });
});
