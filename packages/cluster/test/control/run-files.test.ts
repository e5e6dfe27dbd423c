import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkOwnFolder, makeOwnFolder } from "../../src/control/own-folder.ts";
import { runFilesOf } from "../../src/control/run-files.ts";
import { freshFolder } from "../support/folder.ts";

describe.skipIf(process.platform === "win32")("the files of a program", () => {
  test("lie in a folder of its user, and are named after it", () => {
    const files = runFilesOf("/srv/chat.ts");
    expect(files.name).toBe("chat.ts");
    expect(dirname(files.pidFile)).toBe(join(tmpdir(), `sock-${process.getuid?.()}`));
    expect(files.ownFolder).toBe(dirname(files.pidFile));
    expect(basename(files.pidFile)).toMatch(/^chat-[\da-f]{10}\.pid$/);
    expect(files.control).toBe(files.pidFile.replace(/pid$/, "sock"));
  });

  test("are others for another path, and the same however it is written", () => {
    const { pidFile } = runFilesOf("/srv/chat.ts");
    expect(runFilesOf("/srv/a/../chat.ts").pidFile).toBe(pidFile);
    expect(runFilesOf("/opt/chat.ts").pidFile).not.toBe(pidFile);
  });

  test("lie beside the pid file, when that is given", () => {
    expect(runFilesOf("/srv/chat.ts", "/run/chat/main.pid")).toMatchObject({
      pidFile: "/run/chat/main.pid",
      control: "/run/chat/main.sock",
      ownFolder: undefined,
    });
  });

  test("have short names, whatever the program's is", () => {
    const files = runFilesOf(`/srv/${"wörter ".repeat(30)}.ts`);
    expect(basename(files.control)).toMatch(/^[\w.-]{1,40}$/);
  });

  test("have paths that a socket can have: 103 bytes", () => {
    const pidFileOf = (bytes: number) => `/${"x".repeat(bytes - 6)}.pid`;
    expect(runFilesOf("/srv/chat.ts", pidFileOf(103)).control).toHaveLength(103);
    expect(() => runFilesOf("/srv/chat.ts", pidFileOf(104))).toThrow(
      "the control socket's path has 104 bytes, and 103 at most",
    );
  });

  test("are a pipe on Windows", () => {
    expect(runFilesOf("/srv/chat.ts", undefined, "win32").control).toMatch(/^\\\\\.\\pipe\\sock-/);
  });
});

describe.skipIf(process.platform === "win32")("a folder of our own", () => {
  const fresh = () => join(freshFolder(), "own");

  test("is made for us alone", () => {
    const folder = fresh();
    makeOwnFolder(folder);
    makeOwnFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test("that others may write to is refused", () => {
    const folder = fresh();
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    expect(() => makeOwnFolder(folder)).toThrow(`${folder} is open to others (mode 777)`);
  });

  test("that is somebody else's is refused", () => {
    const folder = fresh();
    mkdirSync(folder, { mode: 0o700 });
    const own = statSync(folder).uid;
    expect(() => checkOwnFolder(folder, own + 1)).toThrow(
      expect.objectContaining({
        code: "NO_PERMISSION",
        message: expect.stringContaining(`belongs to user ${own}, and this is user ${own + 1}`),
      }),
    );
  });

  test("that is a link, or a file, is refused", () => {
    const link = fresh();
    symlinkSync(tmpdir(), link);
    expect(() => makeOwnFolder(link)).toThrow("is no folder");
    const file = fresh();
    writeFileSync(file, "");
    expect(() => checkOwnFolder(file)).toThrow("is no folder");
  });

  test("that is missing is in order for whoever looks", () => {
    checkOwnFolder(fresh());
  });
});
