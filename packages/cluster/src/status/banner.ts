import { type Column, heading, table, widthOf } from "./table.ts";

/** What the banner says of one Worker. */
export interface BannerWorker {
  readonly name: string;
  /** As whom its processes run. */
  readonly user: string;
  readonly address: string;
  readonly transport: string;
  readonly count: number;
}

/** What is shown when all workers are ready. */
export interface Banner {
  /** Of this package, and of Node. */
  readonly version: string;
  readonly node: string;
  readonly workers: readonly BannerWorker[];
  /** `node chat.ts`: what the user has typed, up to the command. */
  readonly program: string;
  readonly isDaemon: boolean;
}

const COLUMNS: readonly Column<BannerWorker>[] = [
  { title: "proto", cell: ({ transport }) => transport },
  { title: "user", cell: ({ user }) => user, most: 14 },
  { title: "worker", cell: ({ name }) => name, most: 14 },
  { title: "listen", cell: ({ address }) => address, most: 48 },
  { title: "processes", cell: ({ count }) => count, align: "right" },
  { title: "status", cell: () => "[OK]" },
];

export function renderBanner({ version, node, workers, program, isDaemon }: Banner): string[] {
  const lines = table(COLUMNS, workers);
  const width = Math.max(64, widthOf(lines));
  return [
    heading("SOCK", width),
    `@sock/cluster ${version}   Node.js ${node}`,
    heading("WORKERS", width),
    ...lines,
    "-".repeat(width),
    isDaemon ? `Started. To stop: ${program} stop` : "Started. Press Ctrl+C to stop.",
  ];
}
