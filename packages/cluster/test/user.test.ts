import { userInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { createApp, Worker } from "../src/index.ts";
import { identityOf, isRoot } from "../src/process/user.ts";
import { ask } from "./support/ask.ts";
import { launch } from "./support/launch.ts";
import { Log } from "./support/log.ts";

describe.skipIf(process.platform === "win32")("a user", () => {
  test("is found by name and by number, with its group", () => {
    const { username, uid, gid } = userInfo();
    expect(identityOf(username, "")).toEqual({ uid, gid });
    expect(identityOf(String(uid), "")).toEqual({ uid, gid });
    expect(identityOf("", "4711")).toEqual({ gid: 4711 });
    expect(identityOf("", "")).toEqual({});
  });

  test.each([
    ["no-such-user", ""],
    ["", "no-such-group"],
    ["-u", ""],
  ])("that does not exist (%j, %j) is an error", (user, group) => {
    expect(() => identityOf(user, group)).toThrow(expect.objectContaining({ code: "NO_SUCH_USER" }));
  });

  test.runIf(isRoot())("is what worker processes run as, while the master binds", async () => {
    const worker = new Worker("tcp://127.0.0.1:0", { name: "user", user: "nobody" });
    const { address } = await launch("user", [worker]);
    const { uid, gid } = identityOf("nobody", "");
    expect(JSON.parse(await ask(address))).toEqual({ uid, gid, groups: [gid] });
  });

  test.runIf(isRoot())("that does not exist is not replaced by root", async () => {
    const app = createApp([new Worker("tcp://127.0.0.1:0", { user: "no-such-user" })]);
    await expect(app.start()).rejects.toMatchObject({
      code: "NO_SUCH_USER",
      message: 'there is no user "no-such-user"',
    });
  });

  test.skipIf(isRoot())("is only warned of where this process is not root", async () => {
    const worker = new Worker("tcp://127.0.0.1:0", { name: "user", user: "nobody" });
    const log = new Log();
    const { address } = await launch("user", [worker], {}, { logger: log.logger });
    expect(log.lines[0]).toBe('warn: user runs as this user, and not as "nobody": only root may change that');
    expect(JSON.parse(await ask(address)).uid).toBe(process.getuid?.());
  });
});
