import { contestantOf } from "../load/counted.ts";
import type { Work } from "../load/load.ts";
import { type Server, throughput } from "../load/measure.ts";
import { protocols } from "../load/protocols.ts";
import type { Limit, Result } from "../result.ts";
import { ours, type PeerName, peers, type Scheme } from "../servers.ts";
import type { Row, Run, Suite } from "../suite.ts";

/** Servers that are given the same work. */
export interface Exchange extends Work {
  /** What goes over the wire. */
  what: string;
  scheme: Scheme;
  peers: readonly PeerName[];
  limits?: Partial<Record<PeerName, Limit>>;
  isQuick?: boolean;
}

const KIB = 1024;
const connections = 64;

const raw = { scheme: "raw", protocol: "raw", peers: ["net", "bun"], connections } as const;
const text = { scheme: "text", protocol: "text", peers: ["net", "workerman"], connections } as const;
const frame = { scheme: "frame", protocol: "frame", peers: ["net", "workerman"], connections } as const;
const tls = { peers: ["tls"], tls: true, connections } as const;
const rawOverTls = { ...tls, scheme: "raw+tls", protocol: "raw" } as const;
const frameOverTls = { ...tls, scheme: "frame+tls", protocol: "frame" } as const;
const webSocket = { scheme: "websocket", connections } as const;
const besideAll = ["ws", "net", "bun", "uws", "workerman"] as const;
const binary = { ...webSocket, protocol: "websocketBinary", peers: besideAll } as const;
const wsText = { ...webSocket, protocol: "websocketText", peers: ["ws", "socket.io"] } as const;
const http = {
  scheme: "http",
  protocol: "httpGet",
  peers: ["node:http", "fastify", "bun", "uws", "workerman"],
  connections,
} as const;
const upload = { ...http, protocol: "httpPost", peers: ["node:http", "fastify"] } as const;

export const exchanges: readonly Exchange[] = [
  { what: "raw 64 B", ...raw, payload: 64, inFlight: 1, isQuick: true },
  { what: "raw 64 B", ...raw, payload: 64, inFlight: 16 },
  { what: "raw 16 KiB", ...raw, payload: 16 * KIB, inFlight: 1 },
  { what: "raw 256 KiB", ...raw, payload: 256 * KIB, inFlight: 1 },

  { what: "text 64 B", ...text, payload: 63, inFlight: 1, limits: net(0.9, 2) },
  { what: "text 64 B", ...text, payload: 63, inFlight: 16, limits: net(0.4, 2), isQuick: true },
  { what: "text 16 KiB", ...text, payload: 16 * KIB - 1, inFlight: 1 },
  { what: "text 256 KiB", ...text, payload: 256 * KIB - 1, inFlight: 1 },

  { what: "frame 64 B", ...frame, payload: 64, inFlight: 1, limits: net(0.95, 5), isQuick: true },
  { what: "frame 64 B", ...frame, payload: 64, inFlight: 16, limits: net(0.6, 5), isQuick: true },
  { what: "frame 16 KiB", ...frame, payload: 16 * KIB, inFlight: 1 },
  { what: "frame 16 KiB", ...frame, payload: 16 * KIB, inFlight: 16 },
  { what: "frame 256 KiB", ...frame, payload: 256 * KIB, inFlight: 1 },

  { what: "frame over TLS 64 B", ...frameOverTls, payload: 64, inFlight: 1, limits: bareTls(0.95, 5) },
  { what: "frame over TLS 64 B", ...frameOverTls, payload: 64, inFlight: 16 },
  { what: "raw over TLS 64 B", ...rawOverTls, payload: 64, inFlight: 1, limits: bareTls(0.95, 5) },
  { what: "raw over TLS 16 KiB", ...rawOverTls, payload: 16 * KIB, inFlight: 1 },

  { what: "websocket binary 64 B", ...binary, payload: 64, inFlight: 1, limits: ws(1.1, 3), isQuick: true },
  {
    what: "websocket binary 64 B",
    ...binary,
    payload: 64,
    inFlight: 16,
    limits: { ...ws(7, 3), ...net(0.45, 3) },
    isQuick: true,
  },
  {
    what: "websocket binary 16 KiB",
    ...binary,
    connections: 16,
    payload: 16 * KIB,
    inFlight: 1,
    limits: ws(1.6, 3),
  },
  { what: "websocket binary 16 KiB", ...binary, peers: ["ws"], payload: 16 * KIB, inFlight: 16 },
  { what: "websocket binary 256 KiB", ...binary, peers: ["ws"], payload: 256 * KIB, inFlight: 1 },
  { what: "websocket text 64 B", ...wsText, payload: 64, inFlight: 1 },
  { what: "websocket text 64 B", ...wsText, payload: 64, inFlight: 16, limits: ws(5, 3) },
  { what: "websocket text 16 KiB", ...wsText, payload: 16 * KIB, inFlight: 1 },

  { what: "http", ...http, payload: 16, inFlight: 1, limits: nodeHttp(1.25, 4), isQuick: true },
  { what: "http pipelined", ...http, payload: 16, inFlight: 16, limits: nodeHttp(5, 4), isQuick: true },
  { what: "http POST 1 KiB", ...upload, payload: KIB, inFlight: 1 },
  { what: "http POST 64 KiB", ...upload, payload: 64 * KIB, inFlight: 1 },
];

export const engine: Suite = {
  name: "engine",
  about: "messages a second that are sent back, beside servers that do the same",
  rows: exchanges.map(rowOf),
};

function rowOf(exchange: Exchange): Row {
  const { isQuick = false, limits } = exchange;
  return {
    name: nameOf(exchange),
    isQuick,
    hasLimit: limits !== undefined,
    measure: async (run) => [await measure(exchange, run)],
  };
}

async function measure(exchange: Exchange, run: Run): Promise<Result> {
  const { servers, absent } = peers(exchange.peers, exchange.scheme, run.peers);
  const all = [ours(exchange.scheme), ...servers.map((server) => speaking(server, exchange))];
  const counted = await throughput(nameOf(exchange), all, exchange, run);
  return {
    suite: engine.name,
    row: nameOf(exchange),
    metric: "",
    unit: "/s",
    better: "more",
    contestants: [...counted.rounds].map(([name, rounds]) => contestantOf(name, rounds)),
    limits: exchange.limits ?? {},
    absent: [...absent, ...counted.absent],
  };
}

/** What only echoes bytes is given as many of them as others get. */
function speaking(server: Server, { protocol, payload }: Exchange): Server {
  if (server.name !== "net" || protocol !== "websocketBinary") return server;
  const { length } = protocols[protocol]().request(Buffer.alloc(payload));
  return { ...server, work: { protocol: "raw", payload: length } };
}

/** What a row is called, and found by. */
function nameOf({ what, inFlight }: Exchange): string {
  return `${what} × ${inFlight}`;
}

function net(atLeast: number, issue: number) {
  return { net: { atLeast, issue } };
}

function bareTls(atLeast: number, issue: number) {
  return { tls: { atLeast, issue } };
}

function ws(atLeast: number, issue: number) {
  return { ws: { atLeast, issue } };
}

function nodeHttp(atLeast: number, issue: number) {
  return { "node:http": { atLeast, issue } };
}
