import { join } from "node:path";
import type { EventLoop } from "@sock/core";
import { onTestFinished } from "vitest";
import { type Controlled, ControlServer } from "../../src/control/control-server.ts";
import { type RunFiles, runFilesOf } from "../../src/control/run-files.ts";
import { PidFile } from "../../src/process/pid-file.ts";
import type { AppStatus, ConnectionsReport } from "../../src/status.ts";
import { freshFolder } from "./folder.ts";
import { appStatus } from "./reports.ts";

/** A master without workers. */
export class FakeMaster implements Controlled {
  readonly asked: string[] = [];
  report: ConnectionsReport = { connections: [], left: 0, busy: [] };
  /** What the next ones end with. */
  stops: () => Promise<void> = () => Promise.resolve();
  reloads: () => Promise<void> = () => Promise.resolve();
  samples = 0;

  status(): Promise<AppStatus> {
    this.asked.push("status");
    this.samples += 1;
    return Promise.resolve({ ...appStatus(), uptime: this.samples * 1_000 });
  }

  connections(most: number): Promise<ConnectionsReport> {
    this.asked.push(`connections ${most}`);
    return Promise.resolve(this.report);
  }

  reload(isGraceful: boolean): Promise<void> {
    this.asked.push(isGraceful ? "reload -g" : "reload");
    return this.reloads();
  }

  stop(isGraceful: boolean): Promise<void> {
    this.asked.push(isGraceful ? "stop -g" : "stop");
    return this.stops();
  }
}

/** The files of a program that does not run. */
export function freshFiles(): RunFiles {
  const folder = freshFolder();
  return { ...runFilesOf("/srv/chat.ts", join(folder, "chat.pid")), ownFolder: folder };
}

/** A master that commands can ask, in this process: until the test is over, or `close`. */
export async function serve(master: Controlled, files = freshFiles(), loop?: EventLoop) {
  const pidFile = PidFile.claim(files.pidFile, files.control);
  const server = await new ControlServer(master, loop).listen(files.control);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= server.close().then(() => void pidFile.release());
    return closing;
  };
  onTestFinished(close);
  return { files, server, close };
}
