import type { AppStatus, ExitCount, ProcessStatus, WorkerReport, WorkerStatus } from "../status.ts";
import { count, formatDuration, formatTime } from "./duration.ts";
import type { Rates } from "./rates.ts";
import { formatSize } from "./size.ts";
import { type Column, heading, table, widthOf } from "./table.ts";
import { printable } from "./text-width.ts";

/** A row of the process table: one process, or all together. */
interface Row {
  readonly pid: number | string | undefined;
  readonly state: string;
  readonly listening: string;
  readonly worker: string;
  readonly id: number | undefined;
  readonly report: Figures | undefined;
  readonly rates: Rates | undefined;
}

type Figures = Pick<WorkerReport, "connections" | "dropped" | "timers" | "requests"> & {
  readonly rss: number;
  readonly lag: number | undefined;
};

/** Workers' names are cut at 14 columns, as the ancestor's; addresses and reasons where they would break the table. */
const MOST = { worker: 14, listening: 40, reason: 80 };

/**
 * What `status` shows: the master, how processes have ended, and each process in a line that begins with its pid. `rates`, when
 * there are two samples, fill the columns of what happens in a second.
 */
export function renderStatus(status: AppStatus, rates?: ReadonlyMap<number, Rates>): string[] {
  const rows = status.workers.flatMap((worker) =>
    worker.processes.map((process) => rowOf(worker, process, rates)),
  );
  const processes = table(columnsOf(rates !== undefined), [...rows, summaryOf(rows)]);
  const exits = status.workers.flatMap(({ name, exits }) => exits.map((exit) => ({ name, ...exit })));
  const width = widthOf(processes);
  return [
    heading("GLOBAL STATUS", width),
    ...globalLines(status),
    ...(exits.length === 0 ? [] : table(EXITS, exits)),
    heading("PROCESS STATUS", width),
    ...processes,
  ];
}

function globalLines(status: AppStatus): string[] {
  const processes = status.workers.flatMap(({ processes }) =>
    processes.filter(({ pid }) => pid !== undefined),
  );
  return [
    `start file: ${printable(status.startFile)}   state: ${status.state}`,
    `@sock/cluster version: ${printable(status.packageVersion)}   Node.js version: ${printable(status.node)}`,
    `start time: ${formatTime(status.startedAt)}   running for ${formatDuration(status.uptime)}   master pid: ${status.pid}`,
    `load average: ${status.loadAverage.map((load) => load.toFixed(2)).join(", ")}`,
    `${count(status.workers.length, "worker")}   ${count(processes.length, "process", "processes")}`,
  ];
}

const EXITS: readonly Column<ExitCount & { name: string }>[] = [
  { title: "worker_name", cell: ({ name }) => name, most: MOST.worker },
  { title: "exit_status", cell: ({ status }) => status },
  { title: "exit_count", cell: ({ count }) => count, align: "right" },
  { title: "last_reason", cell: ({ reason }) => reason, most: MOST.reason },
];

const BEFORE_RATES: readonly Column<Row>[] = [
  { title: "pid", cell: ({ pid }) => pid },
  { title: "memory", cell: ({ report }) => report && formatSize(report.rss), align: "right" },
  { title: "listening", cell: ({ listening }) => listening, most: MOST.listening },
  { title: "worker_name", cell: ({ worker }) => worker, most: MOST.worker },
  { title: "id", cell: ({ id }) => id, align: "right" },
  { title: "connections", cell: ({ report }) => report?.connections, align: "right" },
  { title: "send_fail", cell: ({ report }) => report?.dropped, align: "right" },
  { title: "timers", cell: ({ report }) => report?.timers, align: "right" },
  { title: "total_request", cell: ({ report }) => report?.requests, align: "right" },
];

const RATES: readonly Column<Row>[] = [
  { title: "qps", cell: ({ rates }) => rates && Math.round(rates.requests), align: "right" },
  { title: "in/s", cell: ({ rates }) => rates && formatSize(rates.bytesRead), align: "right" },
  { title: "out/s", cell: ({ rates }) => rates && formatSize(rates.bytesWritten), align: "right" },
];

const AFTER_RATES: readonly Column<Row>[] = [
  { title: "lag", cell: ({ report }) => inMs(report?.lag), align: "right" },
  { title: "status", cell: ({ state }) => `[${state}]` },
];

/** Without a second sample nothing is known of what happens in a second. */
function columnsOf(hasRates: boolean): readonly Column<Row>[] {
  return [...BEFORE_RATES, ...(hasRates ? RATES : []), ...AFTER_RATES];
}

function rowOf(worker: WorkerStatus, process: ProcessStatus, rates?: ReadonlyMap<number, Rates>): Row {
  const { pid, id, state, report } = process;
  return {
    pid,
    id,
    state,
    listening: worker.address,
    worker: worker.name,
    report: report && { ...report, rss: report.memory.rss },
    rates: pid === undefined ? undefined : rates?.get(pid),
  };
}

function summaryOf(rows: readonly Row[]): Row {
  const reports = rows.flatMap(({ report }) => report ?? []);
  const rates = rows.flatMap(({ rates }) => rates ?? []);
  return {
    pid: "Summary",
    state: "Summary",
    listening: "",
    worker: "",
    id: undefined,
    report: {
      rss: sum(reports, "rss"),
      connections: sum(reports, "connections"),
      dropped: sum(reports, "dropped"),
      timers: sum(reports, "timers"),
      requests: sum(reports, "requests"),
      lag: undefined,
    },
    rates: {
      requests: sum(rates, "requests"),
      bytesRead: sum(rates, "bytesRead"),
      bytesWritten: sum(rates, "bytesWritten"),
    },
  };
}

function inMs(lag: number | undefined): string | undefined {
  return lag === undefined ? undefined : `${Math.round(lag)}ms`;
}

function sum<Key extends string>(items: readonly { readonly [key in Key]: number }[], key: Key): number {
  return items.reduce((total, item) => total + item[key], 0);
}
