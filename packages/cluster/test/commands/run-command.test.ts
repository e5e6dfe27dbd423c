import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { eventLoop } from "@sock/core";
import { describe, expect, test } from "vitest";
import { type RemoteCommand, runCommand } from "../../src/commands/run-command.ts";
import type { Terminal } from "../../src/commands/terminal.ts";
import type { RunFiles } from "../../src/control/run-files.ts";
import { ClusterError } from "../../src/errors.ts";
import { PidFile } from "../../src/process/pid-file.ts";
import type { ScreenSize } from "../../src/status/live-screen.ts";
import { FakeMaster, freshFiles, serve } from "../support/controlled.ts";
import { connectionReport } from "../support/reports.ts";

class FakeTerminal implements Terminal {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  written = "";
  readonly size: ScreenSize | undefined;
  /** Called with what has been shown so far. */
  shown: () => void = () => {};

  constructor(size?: ScreenSize) {
    this.size = size;
  }

  out(line: string): void {
    this.lines.push(line);
    this.shown();
  }

  err(line: string): void {
    this.errors.push(line);
  }

  write(text: string): void {
    this.written += text;
    this.shown();
  }
}

async function run(command: RemoteCommand, files: RunFiles, terminal = new FakeTerminal()) {
  const over = new AbortController();
  terminal.shown = () => {
    // The second sample begins.
    if (`${terminal.written}${terminal.lines.join("\n")}`.split("start file").length > 2) over.abort();
  };
  const code = await runCommand(command, { files, terminal, loop: eventLoop, signal: over.signal });
  return { code, lines: terminal.lines, errors: terminal.errors, written: terminal.written };
}

const status = { do: "status", isLive: false, isJson: false } as const;

describe("a command for a program that does not run", () => {
  test("says so, and ends with 3", async () => {
    const files = freshFiles();
    expect(await run(status, files)).toMatchObject({
      code: 3,
      lines: [],
      errors: [`chat.ts: not running (there is no ${files.pidFile})`],
    });
  });

  test("says when it has died", async () => {
    const files = freshFiles();
    writeFileSync(files.pidFile, `${process.ppid}\n1@another-boot\n${files.control}\n`);
    const { code, errors } = await run({ do: "stop", isGraceful: false }, files);
    expect(code).toBe(process.platform === "linux" ? 3 : 6);
    if (code === 3)
      expect(errors[0]).toBe(`chat.ts: not running (process ${process.ppid} of ${files.pidFile} has died)`);
  });

  test("says when its process is there, and does not listen yet, or no more", async () => {
    const files = freshFiles();
    PidFile.claim(files.pidFile, files.control);
    const { code, errors } = await run(status, files);
    expect(code).toBe(6);
    expect(errors[0]).toBe(
      `chat.ts: process ${process.pid} runs, and takes no commands: it is about to start, or to end`,
    );
  });
});

describe("a command for a program that runs", () => {
  test("status shows the table", async () => {
    const { files } = await serve(new FakeMaster());
    const { code, lines } = await run(status, files);
    expect(code).toBe(0);
    expect(lines.join("\n")).toMatch(/^-+ GLOBAL STATUS -+\nstart file: \/srv\/chat\.ts/);
  });

  test("status --json is one line of JSON", async () => {
    const { files } = await serve(new FakeMaster());
    const { lines } = await run({ ...status, isJson: true }, files);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ version: 1, pid: 4700 }]);
  });

  test("status -d draws one sample over the other, with what happens in a second", async () => {
    const { files } = await serve(new FakeMaster());
    const { code, written } = await run(
      { ...status, isLive: true },
      files,
      new FakeTerminal({ columns: 200, rows: 40 }),
    );
    expect(code).toBe(0);
    expect(written.startsWith("\x1b[2J\x1b[?25l\x1b[H")).toBe(true);
    expect(written.endsWith("\x1b[J\x1b[?25h")).toBe(true);
    expect(stripVTControlCharacters(written)).toMatch(/total_request +qps/);
  });

  test("status -d into a pipe is one sample behind the other", async () => {
    const { files } = await serve(new FakeMaster());
    const { lines, written } = await run({ ...status, isLive: true }, files);
    expect(written).toBe("");
    expect(lines.filter((line) => line.startsWith("start file")).length).toBeGreaterThan(1);
  });

  test("connections shows all of them", async () => {
    const master = new FakeMaster();
    const connections = Array.from({ length: 600 }, (_, id) => connectionReport({ id }));
    master.report = { connections, left: 0, busy: [] };
    const { files } = await serve(master);
    expect((await run({ do: "connections", isJson: false }, files)).lines).toHaveLength(602);
    const json = await run({ do: "connections", isJson: true }, files);
    expect(JSON.parse(json.lines[0]!).connections).toHaveLength(600);
  });

  test("reload says when all is new, or that the old one goes on, and why", async () => {
    const master = new FakeMaster();
    const { files } = await serve(master);
    const reload = { do: "reload", isGraceful: false } as const;
    expect(await run(reload, files)).toMatchObject({
      code: 0,
      lines: ["chat.ts: reloading …", "chat.ts: reloaded"],
    });
    master.reloads = () => Promise.reject(new ClusterError("NOT_RELOADED", "chat#0 did not come up"));
    expect(await run(reload, files)).toMatchObject({
      code: 1,
      errors: ["chat.ts: reload failed: chat#0 did not come up"],
    });
  });

  test("stop says when it fails", async () => {
    const master = new FakeMaster();
    master.stops = () => Promise.reject(new Error("a worker does not end"));
    const { files } = await serve(master);
    expect(await run({ do: "stop", isGraceful: true }, files)).toMatchObject({
      code: 1,
      lines: ["chat.ts: stopping gracefully …"],
      errors: ["chat.ts: stop failed: a worker does not end"],
    });
  });
});
