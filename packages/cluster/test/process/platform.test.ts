import { describe, expect, test } from "vitest";
import { whatIsMissing } from "../../src/process/platform.ts";
import { Worker } from "../../src/worker.ts";

const linux = { name: "linux", canBindShared: true };
const macOs = { name: "darwin", canBindShared: false };
const windows = { name: "win32", canBindShared: false };

describe("what a system lacks is said", () => {
  const web = new Worker("tcp://127.0.0.1:0", { name: "web", count: 4, user: "www" });

  test("on Linux nothing", () => {
    expect(whatIsMissing([web], linux)).toEqual([]);
  });

  test("where connections cannot be shared out by the kernel, and more than one process waits for them", () => {
    const sentence = /^web: the master hands connections over/;
    expect(whatIsMissing([web], macOs)).toEqual([expect.stringMatching(sentence)]);
    const others = [
      new Worker("tcp://127.0.0.1:0", { name: "one" }),
      new Worker("unix:/run/x.sock", { name: "unix", count: 2 }),
      new Worker(undefined, { name: "task", count: 2 }),
      new Worker("tcp://127.0.0.1:0", { name: "asked for it", count: 2, accept: "handover" }),
    ];
    expect(whatIsMissing(others, macOs)).toEqual([]);
  });

  test("on Windows: signals and users", () => {
    expect(whatIsMissing([web], windows)).toEqual([
      expect.stringContaining("no signals"),
      'web runs as this user, and not as "www": this system cannot change it',
      expect.stringContaining("the master hands connections over"),
    ]);
    expect(whatIsMissing([new Worker()], windows)).toHaveLength(1);
  });
});
