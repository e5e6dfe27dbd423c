import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serviceManager } from "../../src/process/service-manager.ts";
import { freshFolder } from "../support/folder.ts";

const env = (changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  NOTIFY_SOCKET: "/run/systemd/notify",
  HOME: "/",
  ...changes,
});

/** What a service has said, and been warned of, when all it had to say is said. */
class Heard {
  readonly said: string[][] = [];
  readonly warnings: string[] = [];
  answers: (() => Promise<void>) | undefined;
  readonly warn = (sentence: string) => void this.warnings.push(sentence);
  readonly notify = async (assignments: readonly string[]) => {
    this.said.push([...assignments]);
    await this.answers?.();
  };
}

/** Whatever waits in promises has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a process that no service manager has started has none", () => {
  expect(serviceManager(() => {}, { HOME: "/" })).toBeUndefined();
  expect(serviceManager(() => {}, { NOTIFY_SOCKET: "" })).toBeUndefined();
});

test("its variables are taken away, for no child is the service", () => {
  const taken = env({ WATCHDOG_USEC: "1", WATCHDOG_PID: "1" });
  serviceManager(() => {}, taken);
  expect(taken).toEqual({ HOME: "/" });
});

test.each([
  ["half of what the unit says", { WATCHDOG_USEC: "30000000" }, 15_000],
  [
    "the same when it is said to be for this process",
    { WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(process.pid) },
    15_000,
  ],
  ["not when it is for another", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, undefined],
  ["not without a time", {}, undefined],
  ["not when that is 0", { WATCHDOG_USEC: "0" }, undefined],
  ["not when that is no number", { WATCHDOG_USEC: "soon" }, undefined],
  ["once a day at least", { WATCHDOG_USEC: "18446744073709551" }, 86_400_000],
])("the watchdog wants to hear of it: %s", (_, variables, every) => {
  expect(serviceManager(() => {}, env(variables))?.watchdogEvery).toBe(every);
});

describe("what is said", () => {
  test("goes out one after the other, and in one line each", async () => {
    const heard = new Heard();
    const service = serviceManager(heard.warn, env(), heard.notify)!;
    service.ready("4 workers\nREADY=0");
    service.status("busy");
    service.stopping();
    await settled();
    expect(heard.said).toEqual([["READY=1", "STATUS=4 workers READY=0"], ["STATUS=busy"], ["STOPPING=1"]]);
  });

  test("tells with a reload when it began", async () => {
    const heard = new Heard();
    serviceManager(heard.warn, env(), heard.notify)!.reloading();
    await settled();
    expect(heard.said[0]).toEqual(["RELOADING=1", expect.stringMatching(/^MONOTONIC_USEC=\d+$/)]);
  });

  test("does not pile up where it does not get through", async () => {
    const heard = new Heard();
    let answer = () => {};
    heard.answers = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const service = serviceManager(heard.warn, env(), heard.notify)!;
    for (let i = 0; i < 5; i++) service.alive();
    await settled();
    answer();
    await settled();
    expect(heard.said).toEqual([["WATCHDOG=1"]]);
    service.alive();
    await settled();
    expect(heard.said).toHaveLength(2);
  });

  test("that does not work is a warning, once", async () => {
    const heard = new Heard();
    heard.answers = () => Promise.reject(new Error("spawn systemd-notify ENOENT"));
    const service = serviceManager(heard.warn, env(), heard.notify)!;
    service.ready("");
    service.stopping();
    await settled();
    expect(heard.warnings).toEqual(["systemd cannot be told: spawn systemd-notify ENOENT"]);
    expect(heard.said).toHaveLength(2);
  });
});

test.skipIf(process.platform === "win32")("systemd-notify is told the socket and who speaks", async () => {
  const folder = freshFolder();
  const tool = join(folder, "systemd-notify");
  const told = join(folder, "told");
  writeFileSync(tool, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`);
  chmodSync(tool, 0o700);
  const warnings: string[] = [];
  const service = serviceManager(
    (sentence) => warnings.push(sentence),
    env({ PATH: `${folder}:/usr/bin:/bin` }),
  )!;
  service.ready("4 workers");
  service.stopping();
  await service.settled();
  expect(warnings).toEqual([]);
  expect(readFileSync(told, "utf8")).toBe(
    `/run/systemd/notify --pid=${process.pid} READY=1 STATUS=4 workers\n/run/systemd/notify --pid=${process.pid} STOPPING=1\n`,
  );
});
