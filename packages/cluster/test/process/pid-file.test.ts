import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { isRunning, PidFile, readPidFile } from "../../src/process/pid-file.ts";
import { findProcess, startFromPs } from "../../src/process/process-start.ts";
import { freshFolder } from "../support/folder.ts";
import { Program } from "../support/process.ts";

const freshPath = () => join(freshFolder(), "chat.pid");

/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid!;
}

describe("a pid file", () => {
  test("says the number first, and is for its owner alone", () => {
    const path = freshPath();
    PidFile.claim(path, "/run/chat.sock");
    expect(readFileSync(path, "utf8").split("\n")[0]).toBe(String(process.pid));
    expect(readPidFile(path)).toMatchObject({ pid: process.pid, control: "/run/chat.sock" });
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("is not made twice, and is gone when it was released", () => {
    const path = freshPath();
    const file = PidFile.claim(path, "");
    expect(() => PidFile.claim(path, "")).toThrow(
      expect.objectContaining({ code: "ALREADY_RUNNING", message: `already running (pid ${process.pid})` }),
    );
    file.release();
    expect(readdirSync(dirname(path))).toEqual([]);
    PidFile.claim(path, "").release();
  });

  test("of a process that has died is replaced", async () => {
    const path = freshPath();
    writeFileSync(path, `${await endedPid()}\n\n\n`);
    PidFile.claim(path, "");
    expect(readPidFile(path)?.pid).toBe(process.pid);
    expect(readdirSync(dirname(path))).toEqual(["chat.pid"]);
  });

  test.runIf(process.platform === "linux")("of another process that has its number now is replaced", () => {
    const path = freshPath();
    const recycled = { pid: process.ppid, start: "1@another-boot", control: "" };
    expect(isRunning(recycled)).toBe(false);
    writeFileSync(path, `${recycled.pid}\n${recycled.start}\n\n`);
    PidFile.claim(path, "");
    expect(readPidFile(path)?.pid).toBe(process.pid);
  });

  test.each(["", "\n", "0", "-1", "12x", "99999999999", "\0".repeat(9_000)])(
    "that says %j is replaced",
    (content) => {
      const path = freshPath();
      writeFileSync(path, content);
      expect(readPidFile(path)).toBeUndefined();
      PidFile.claim(path, "").release();
      expect(existsSync(path)).toBe(false);
    },
  );

  test("that is another's by now is left to it", () => {
    const path = freshPath();
    const file = PidFile.claim(path, "");
    writeFileSync(path, `${process.ppid}\n\n\n`);
    file.release();
    expect(readPidFile(path)?.pid).toBe(process.ppid);
  });

  test("that cannot be made is a sentence", () => {
    expect(() => PidFile.claim("/nowhere/chat.pid", "")).toThrow(
      expect.objectContaining({
        code: "NO_PERMISSION",
        message: expect.stringContaining("/nowhere/chat.pid"),
      }),
    );
  });

  test("of a dead process goes to one of many that want it", async () => {
    const path = freshPath();
    writeFileSync(path, `${await endedPid()}\n\n\n`);
    const claims = Array.from({ length: 6 }, () => new Program("claims.ts", [path]));
    const said = await Promise.all(claims.map((claim) => claim.line(/claimed|RUNNING/)));
    expect(said.filter((line) => line === "claimed")).toHaveLength(1);
    for (const claim of claims) claim.child.stdin!.end();
    await Promise.all(claims.map((claim) => claim.exitCode()));
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});

describe("a process", () => {
  test("has a start that does not change, and that another does not have", async () => {
    const own = findProcess(process.pid);
    expect(findProcess(process.pid)).toEqual(own);
    const child = new Program("claims.ts", [freshPath()]);
    await child.line(/claimed/);
    const other = findProcess(child.pid);
    expect(other.is).toBe("alive");
    if (process.platform === "linux") expect(other).not.toEqual(own);
    child.child.stdin!.end();
    await child.exitCode();
    expect(findProcess(child.pid)).toEqual({ is: "gone" });
  });

  test.skipIf(process.platform === "win32")(
    "has one in the words of ps, where there is no /proc",
    async () => {
      expect(startFromPs(process.pid)).toBe(startFromPs(process.pid));
      expect(startFromPs(process.pid)).toMatch(/^\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}$/);
      expect(startFromPs(await endedPid())).toBeUndefined();
    },
  );
});
