import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime } from "../../src/status/duration.ts";
import { ratesBetween } from "../../src/status/rates.ts";
import { renderStatus } from "../../src/status/render-status.ts";
import { textWidth } from "../../src/status/text-width.ts";
import type { AppStatus } from "../../src/status.ts";
import { anyStatus, appStatus, processStatus, report } from "../support/reports.ts";

test("a status is the master, how processes have ended, and one line for each process", () => {
  const status: AppStatus = {
    ...appStatus([
      processStatus({ report: report({ connections: 3, requests: 1_200, dropped: 1, lag: 1.6 }) }),
      processStatus({ id: 1, pid: 4712, state: "busy", report: undefined }),
      processStatus({ id: 2, pid: undefined, state: "waiting", report: undefined }),
    ]),
  };
  const exits = [{ status: "exit code 1", reason: "exit code 1: no such table", count: 2 }];
  const withExits = { ...status, workers: status.workers.map((worker) => ({ ...worker, exits })) };
  expect(renderStatus(withExits).map(withoutDashes).join("\n")).toBe(
    `
GLOBAL STATUS
start file: /srv/chat.ts   state: running
@sock/cluster version: 0.1.0   Node.js version: v26.10.0
start time: ${formatTime(status.startedAt)}   running for 1 hour 2 minutes   master pid: 4700
load average: 0.50, 0.25, 1.00
1 worker   2 processes
worker_name  exit_status  exit_count  last_reason
chat         exit code 1           2  exit code 1: no such table
PROCESS STATUS
pid      memory  listening           worker_name  id  connections  send_fail  timers  total_request  lag  status
4711     48.0MB  tcp://0.0.0.0:2346  chat          0            3          1       1           1200  2ms  [idle]
4712          -  tcp://0.0.0.0:2346  chat          1            -          -       -              -    -  [busy]
-             -  tcp://0.0.0.0:2346  chat          2            -          -       -              -    -  [waiting]
Summary  48.0MB  -                   -             -            3          1       1           1200    -  [Summary]`.trim(),
  );
});

/** A heading as its title. */
function withoutDashes(line: string): string {
  return line.replace(/^-{4,} (.*) -{4,}$/, "$1");
}

describe("what happens in a second", () => {
  const at = (uptime: number, requests: number, pid = 4711) =>
    appStatus([processStatus({ pid, uptime, report: report({ requests, bytesRead: requests * 100 }) })]);

  test("comes of two samples, by the process's own time", () => {
    expect(ratesBetween(at(1_000, 50), at(3_000, 250)).get(4711)).toEqual({
      requests: 100,
      bytesRead: 10_000,
      bytesWritten: 0,
    });
  });

  test("is not known of a process that was not there before, or is another with the same number", () => {
    expect(ratesBetween(at(1_000, 50, 1), at(3_000, 250))).toEqual(new Map());
    expect(ratesBetween(at(9_000, 50), at(1_000, 250))).toEqual(new Map());
  });

  test("is shown with one decimal where it is bytes", () => {
    const lines = renderStatus(at(3_000, 250), ratesBetween(at(1_000, 50), at(3_000, 250)));
    expect(lines.at(-3)).toMatch(/total_request +qps +in\/s +out\/s +lag +status$/);
    expect(lines.at(-2)).toMatch(/ 250 +100 +9\.8KB +0B +0ms {2}\[idle\]$/);
    expect(lines.at(-1)).toMatch(/ 250 +100 +9\.8KB +0B +- {2}\[Summary\]$/);
  });
});

/** The columns at which each of a table's cells begins or ends, of lines that share them. */
function expectAligned(lines: readonly string[]): void {
  const cells = lines.map((line) => line.split(/ {2,}/));
  const counts = new Set(cells.map((row) => row.length));
  expect(counts.size).toBe(1);
}

test("every cell of any status fits its column, and no line does anything to the terminal", () => {
  fc.assert(
    fc.property(anyStatus, (status) => {
      const lines = renderStatus(status, ratesBetween(status, status));
      for (const line of lines) expect(line).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
      const processes = lines.slice(lines.findIndex((line) => line.includes("PROCESS STATUS")) + 1);
      expect(processes).toHaveLength(status.workers.flatMap(({ processes }) => processes).length + 2);
      expectAligned(processes);
      // Its own column: the last one begins at the same place in all lines.
      const starts = processes.map((line) => textWidth(line.slice(0, line.search(/\S+$/))));
      expect(new Set(starts).size).toBe(1);
    }),
  );
});
