import fc from "fast-check";
import type { AppStatus, ConnectionReport, ProcessStatus, WorkerReport } from "../../src/status.ts";

/** What a process says that has done nothing yet, but for what is given. */
export function report(given: Partial<WorkerReport> = {}): WorkerReport {
  return {
    memory: { rss: 48 * 1024 * 1024, heapUsed: 9_000_000 },
    connections: 0,
    opened: 0,
    refused: 0,
    requests: 0,
    sent: 0,
    dropped: 0,
    errors: 0,
    bytesRead: 0,
    bytesWritten: 0,
    timers: 1,
    lag: 0,
    utilization: 0,
    ...given,
  };
}

export function processStatus(given: Partial<ProcessStatus> = {}): ProcessStatus {
  return { id: 0, pid: 4711, state: "idle", uptime: 60_000, report: report(), ...given };
}

export function appStatus(processes: readonly ProcessStatus[] = [processStatus()]): AppStatus {
  return {
    pid: 4700,
    packageVersion: "0.1.0",
    node: "v26.10.0",
    startFile: "/srv/chat.ts",
    startedAt: Date.UTC(2026, 10, 21, 12, 0, 15),
    uptime: 3_725_000,
    loadAverage: [0.5, 0.25, 1],
    state: "running",
    workers: [
      {
        name: "chat",
        address: "tcp://0.0.0.0:2346",
        user: "www",
        count: processes.length,
        accept: "reusePort",
        exits: [],
        processes,
      },
    ],
  };
}

export function connectionReport(given: Partial<ConnectionReport> = {}): ConnectionReport {
  return {
    pid: 4711,
    worker: "chat",
    workerId: 0,
    id: 1,
    transport: "tcp",
    protocol: "websocket",
    state: "open",
    ipVersion: 4,
    recvQueue: 0,
    sendQueue: 0,
    bytesRead: 1536,
    bytesWritten: 20,
    dropped: 0,
    localAddress: "127.0.0.1:2346",
    remoteAddress: "127.0.0.1:45054",
    ...given,
  };
}

// Anything that a status may be, names with emoji, control characters and lone surrogates among them.

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom("", "\x1b[2J", "a\nb", "a   b", "名前", "👩‍👩‍👧", "\ud800"),
);
const counted = fc.maxSafeNat();

const anyReport = fc.record<WorkerReport>({
  memory: fc.record({ rss: counted, heapUsed: counted }),
  connections: counted,
  opened: counted,
  refused: counted,
  requests: counted,
  sent: counted,
  dropped: counted,
  errors: counted,
  bytesRead: counted,
  bytesWritten: counted,
  timers: counted,
  lag: fc.double({ min: 0, max: 1e9, noNaN: true }),
  utilization: fc.double({ min: 0, max: 1, noNaN: true }),
});

const anyProcess = fc.record<ProcessStatus>({
  id: fc.nat(),
  pid: fc.option(fc.integer({ min: 1, max: 2 ** 22 }), { nil: undefined }),
  state: fc.constantFrom("starting", "idle", "busy", "draining", "waiting"),
  uptime: counted,
  report: fc.option(anyReport, { nil: undefined }),
});

export const anyStatus = fc.record<AppStatus>({
  pid: fc.nat(),
  packageVersion: text,
  node: text,
  startFile: text,
  startedAt: fc.integer({ min: 0, max: 4e12 }),
  uptime: counted,
  loadAverage: fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 3, maxLength: 3 }),
  state: fc.constantFrom("idle", "running", "reloading", "stopping", "stopped"),
  workers: fc.array(
    fc.record({
      name: text,
      address: text,
      user: text,
      count: fc.nat(),
      accept: fc.constantFrom("reusePort", "shared", "handover", "none"),
      exits: fc.array(fc.record({ status: text, reason: text, count: counted }), { maxLength: 4 }),
      processes: fc.array(anyProcess, { maxLength: 4 }),
    }),
    { maxLength: 4 },
  ),
});

export const anyConnection = fc.record<ConnectionReport>({
  pid: fc.nat(),
  worker: text,
  workerId: fc.nat(),
  id: counted,
  transport: text,
  protocol: text,
  state: text,
  ipVersion: fc.constantFrom(4, 6, undefined),
  recvQueue: counted,
  sendQueue: counted,
  bytesRead: counted,
  bytesWritten: counted,
  dropped: counted,
  localAddress: text,
  remoteAddress: text,
});
