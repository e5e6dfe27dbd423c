import type { ConnectionReport, ConnectionsReport } from "../status.ts";
import { count } from "./duration.ts";
import { formatSize } from "./size.ts";
import { type Column, heading, table, widthOf } from "./table.ts";

/** Names are cut as the ancestor cuts them; paths of unix sockets where they would break the table. */
const MOST = { worker: 14, protocol: 15, address: 48 };

const COLUMNS: readonly Column<ConnectionReport>[] = [
  { title: "PID", cell: ({ pid }) => pid },
  { title: "Worker", cell: ({ worker }) => worker, most: MOST.worker },
  { title: "CID", cell: ({ id }) => id, align: "right" },
  { title: "Trans", cell: ({ transport }) => transport },
  { title: "Protocol", cell: ({ protocol }) => protocol, most: MOST.protocol },
  { title: "ipv4", cell: ({ ipVersion }) => (ipVersion === 4 ? 1 : 0), align: "right" },
  { title: "ipv6", cell: ({ ipVersion }) => (ipVersion === 6 ? 1 : 0), align: "right" },
  { title: "Recv-Q", cell: ({ recvQueue }) => formatSize(recvQueue), align: "right" },
  { title: "Send-Q", cell: ({ sendQueue }) => formatSize(sendQueue), align: "right" },
  { title: "Bytes-R", cell: ({ bytesRead }) => formatSize(bytesRead), align: "right" },
  { title: "Bytes-W", cell: ({ bytesWritten }) => formatSize(bytesWritten), align: "right" },
  { title: "Status", cell: ({ state }) => state.toUpperCase() },
  { title: "Local Address", cell: ({ localAddress }) => localAddress, most: MOST.address },
  { title: "Foreign Address", cell: ({ remoteAddress }) => remoteAddress, most: MOST.address },
];

/** What `connections` shows: each connection in a line that begins with the pid of its process. */
export function renderConnections({ connections, left, busy }: ConnectionsReport): string[] {
  const lines = table(COLUMNS, connections);
  const rest = [
    ...(left > 0 ? [`and ${count(left, "connection")} more`] : []),
    ...(busy.length > 0 ? [`did not answer in time: ${busy.join(", ")}`] : []),
  ];
  return [heading("CONNECTION STATUS", widthOf(lines)), ...lines, ...rest];
}
