import { join, resolve } from "node:path";
import type { Work } from "./load.ts";
import type { Program } from "./processes.ts";

/** Two servers that are given the same work. */
export interface Row extends Work {
  /** What goes over the wire. */
  what: string;
  ours: Program;
  control: Program & { name: string };
  /** What the ratio of ours to the control should reach. */
  floor?: number;
}

const root = resolve(import.meta.dirname, "../..");
const net = { name: "net", file: join(root, "benchmarks/peers/net-echo.ts") };
const nodeHttp = { name: "node:http", file: join(root, "benchmarks/peers/node-http.ts") };
const tls = { name: "tls", file: join(root, "benchmarks/peers/tls-echo.ts") };
const ws = { name: "ws", file: join(root, "benchmarks/peers/ws-echo.ts") };

const connections = 64;
const raw = { ours: echo("raw"), control: net, protocol: "raw", connections } as const;
const text = { ours: echo("text"), control: net, protocol: "text", connections } as const;
const frame = { ours: echo("frame"), control: net, protocol: "frame", connections } as const;
const frameOverTls = { ...frame, ours: echo("frame+tls"), control: tls, tls: true };
const rawOverTls = { ...raw, ours: echo("raw+tls"), control: tls, tls: true };
const websocket = { ours: echo("websocket"), control: ws, connections } as const;
const websocketText = { ...websocket, protocol: "websocketText" } as const;
const websocketBinary = { ...websocket, protocol: "websocketBinary" } as const;
const http = {
  ours: { file: join(root, "benchmarks/http/support/path-server.ts") },
  control: nodeHttp,
  protocol: "http",
  connections,
} as const;

export const rows: Row[] = [
  { what: "frame 64 B", ...frame, payload: 64, inFlight: 1, floor: 0.9 },
  { what: "frame 64 B", ...frame, payload: 64, inFlight: 16, floor: 0.5 },
  { what: "text 64 B", ...text, payload: 63, inFlight: 1, floor: 0.9 },
  { what: "text 64 B", ...text, payload: 63, inFlight: 16, floor: 0.4 },
  { what: "raw 64 B", ...raw, payload: 64, inFlight: 1 },
  { what: "raw 64 B", ...raw, payload: 64, inFlight: 16 },
  { what: "frame over TLS 64 B", ...frameOverTls, payload: 64, inFlight: 1, floor: 0.95 },
  { what: "frame over TLS 64 B", ...frameOverTls, payload: 64, inFlight: 16 },
  { what: "raw over TLS 64 B", ...rawOverTls, payload: 64, inFlight: 1 },
  { what: "raw over TLS 16 KiB", ...rawOverTls, payload: 16 * 1024, inFlight: 1 },
  { what: "websocket binary 64 B", ...websocketBinary, payload: 64, inFlight: 1, floor: 1.1 },
  { what: "websocket binary 64 B", ...websocketBinary, payload: 64, inFlight: 16, floor: 7 },
  { what: "websocket text 64 B", ...websocketText, payload: 64, inFlight: 1 },
  { what: "websocket text 64 B", ...websocketText, payload: 64, inFlight: 16, floor: 5 },
  { what: "websocket binary 16 KiB", ...websocketBinary, payload: 16 * 1024, inFlight: 1, floor: 1.6 },
  { what: "websocket binary 16 KiB", ...websocketBinary, payload: 16 * 1024, inFlight: 16 },
  { what: "http", ...http, payload: 16, inFlight: 1, floor: 1.25 },
  { what: "http", ...http, payload: 16, inFlight: 16, floor: 5 },
];

/** What a row is called, and found by. */
export function nameOf({ what, inFlight, control }: Row): string {
  return `${what} × ${inFlight} / ${control.name}`;
}

function echo(scheme: string): Program {
  return { file: join(root, "docs/examples/echo.ts"), args: [`${scheme}://127.0.0.1:0`] };
}
