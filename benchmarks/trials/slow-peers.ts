/**
 * Peers that take their time, 200 of a kind, over TCP, a unix socket and TLS: who says nothing, or begins no handshake;
 * heads and bodies that drip, answers that nobody reads, a head and a chunked body without end. Each must end by its deadline or its limit, and meanwhile others get their answers within 100 ms and
 * the server grows by less than 64 MiB. The server, the slow and the others are a process each.
 *
 * `slow-peers.ts [--peers=200] [--within=3000] [--over=tcp]`: how many of a kind, the deadlines that are set, in ms, and
 * the one transport to try.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { parseArgs } from "node:util";
import { listen } from "@sock/core";
import { http } from "@sock/protocol-http";
import { LoadConnection } from "../load/load-connection.ts";
import { httpGet as protocol } from "../load/protocols/http.ts";
import { answer, Child } from "../method/child.ts";
import { type Memory, memory } from "../method/memory.ts";

const { values, positionals } = parseArgs({
  options: {
    peers: { type: "string", default: "200" },
    within: { type: "string", default: "3000" },
    over: { type: "string" },
  },
  allowPositionals: true,
});
const PEERS = Number(values.peers);
/** Milliseconds of each deadline. */
const WITHIN = Number(values.within);
/** Bytes a second that a body must bring. */
const RATE = 500;

/** Over TLS, what waits is there twice, and a connection takes 70 KiB. */
const GROWTH = { tcp: 64 * 2 ** 20, unix: 64 * 2 ** 20, tls: 96 * 2 ** 20 };
const LATENCY = 100;
const ROUNDS = 3;
const OTHERS = 10;
/** What an answer takes that nobody reads: more than the kernel's buffers hold. */
const LARGE = 64 * 2 ** 20;
/** Beyond its deadline: what the wheel, a farewell and the wait for the peer's end may take. */
const GRACE = 6000;

const HEAD = "POST /slow HTTP/1.1\r\nHost: x\r\n";

/** What came of a peer. */
interface Ended {
  /** Of the answer; 0 when the connection ended without one. */
  status: number;
  ms: number;
  /** Bytes that it sent before it was told. */
  sent: number;
}

interface Kind {
  name: string;
  peers: number;
  /** Statuses that may be answered; 0: it is cut. */
  statuses: number[];
  /** Milliseconds within which it must have ended. */
  within: number;
  /** A body may be whole or read as it comes. */
  servers: ("whole" | "stream")[];
}

const transports = ["tcp", "unix", "tls"] as const;
type Over = (typeof transports)[number];

const late = WITHIN + GRACE;
const kinds: Kind[] = [
  { name: "silent", peers: PEERS, statuses: [0], within: late, servers: ["whole"] },
  { name: "no handshake", peers: PEERS, statuses: [0], within: late, servers: ["whole"] },
  { name: "slowloris", peers: PEERS, statuses: [408], within: late, servers: ["whole", "stream"] },
  { name: "slow body", peers: PEERS, statuses: [408], within: late, servers: ["whole", "stream"] },
  { name: "slow chunks", peers: PEERS, statuses: [408], within: late, servers: ["whole", "stream"] },
  // A stall is looked for once in its time, and may have begun just after.
  { name: "slow reader", peers: PEERS, statuses: [0], within: 2 * WITHIN + GRACE, servers: ["stream"] },
  { name: "endless head", peers: 20, statuses: [431, 0], within: late, servers: ["whole", "stream"] },
  { name: "endless chunks", peers: 20, statuses: [413, 0], within: late, servers: ["stream"] },
  // Each may take what a whole body may, which is 10 MiB here.
  { name: "endless chunks", peers: 1, statuses: [413, 0], within: late, servers: ["whole"] },
];

const over = transports.find((one) => one === values.over) ?? "tcp";
const [role, mode] = positionals;
if (role === "server") await server(mode === "stream");
else if (role === "slow") slow();
else if (role === "others") others();
else await main();

async function main(): Promise<void> {
  console.log(`${PEERS} of a kind, deadlines of ${WITHIN} ms`);
  for (const over of transports.filter((one) => values.over === undefined || values.over === one)) {
    console.log(over);
    const some = kinds.filter(({ name }) => over === "tls" || name !== "no handshake");
    for (const kind of some) for (const mode of kind.servers) await isBorne(kind, mode, over);
  }
}

/** What else goes on in the machine may make anybody wait: a bar that is met once can be met. */
async function isBorne(kind: Kind, mode: "whole" | "stream", over: Over): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) if (await attack(kind, mode, over)) return;
  process.exitCode = 1;
}

/** Answers whether all bars were met. */
async function attack(kind: Kind, mode: "whole" | "stream", over: Over): Promise<boolean> {
  const file = import.meta.filename;
  const options = [`--peers=${PEERS}`, `--within=${WITHIN}`, `--over=${over}`];
  await using target = new Child({ file, args: ["server", mode, ...options] });
  await using peers = new Child({ file, args: ["slow", ...options] });
  await using rest = new Child({ file, args: ["others", ...options] });
  const where = await target.ask<number | string>("where");
  await rest.ask("begin", where);
  await sleep(500);
  const { resident } = await target.ask<Memory>("memory");
  await target.ask("peak");
  await rest.ask("latencies");
  const moment = sleep(1000);
  const ended = await peers.ask<Ended[]>("attack", kind, where);
  // Long enough for others to ask.
  await moment;
  const latencies = await rest.ask<number[]>("latencies");
  const growth = (await target.ask<number>("peak")) - resident;
  const open = await target.ask<number>("slowOnes", OTHERS);

  const sorted = latencies.toSorted((one, other) => one - other);
  const worst = sorted.at(-1) ?? Infinity;
  const most = sorted[Math.floor(0.99 * sorted.length)] ?? Infinity;
  const longest = Math.max(...ended.map(({ ms }) => ms));
  const sent = Math.max(...ended.map((one) => one.sent));
  const statuses = [...new Set(ended.map(({ status }) => status))].sort();
  const missed = [
    statuses.some((status) => !kind.statuses.includes(status)) && "statuses",
    longest > kind.within && "deadline",
    worst > LATENCY && "latency",
    growth > GROWTH[over] && "growth",
    open > 0 && "left open",
    latencies.length < 100 && "others starved",
  ].filter((one) => one !== false);
  console.log(
    `${`${kind.name}, ${mode}`.padEnd(24)} ${String(ended.length).padStart(3)} ended with ${statuses.join(", ")} ` +
      `within ${(longest / 1000).toFixed(1)} s (at most ${(kind.within / 1000).toFixed(1)})  ` +
      `each sent at most ${(sent / 1024).toFixed(0)} KiB  ` +
      `growth ${(growth / 2 ** 20).toFixed(1)} MiB (at most ${GROWTH[over] / 2 ** 20})  ` +
      `others: ${latencies.length} answers, 99 of 100 in ${most.toFixed(1)} ms, ` +
      `the slowest in ${worst.toFixed(1)} (at most ${LATENCY})  ` +
      `${missed.length === 0 ? "ok" : `MISSED: ${missed.join(", ")}`}`,
  );
  return missed.length === 0;
}

async function server(isStreaming: boolean): Promise<void> {
  const limits = {
    headTimeout: WITHIN,
    bodyTimeout: WITHIN,
    minBodyRate: RATE,
    maxBodySize: 10 * 2 ** 20,
  };
  const large = async function* (): AsyncGenerator<Buffer> {
    const piece = Buffer.alloc(64 * 1024);
    for (let sent = 0; sent < LARGE; sent += piece.length) yield piece;
  };
  const certificates = join(import.meta.dirname, "../../docs/examples/certificates");
  const pem = (name: string) => readFileSync(join(certificates, name));
  const path = join(tmpdir(), `sock-slow-peers-${process.pid}.sock`);
  const listening = await listen(over === "unix" ? `unix:${path}` : `${over}://127.0.0.1:0`, {
    ...(over === "tls" && {
      tls: { cert: pem("localhost.pem"), key: pem("localhost.key"), handshakeTimeout: WITHIN },
    }),
    // The kinds of bodies differ in what they are, and not in what is done here.
    codec: http({ ...limits, body: (isStreaming ? "stream" : "buffer") as "stream" }),
    writeTimeout: WITHIN,
    closeTimeout: WITHIN,
    lingerTimeout: 500,
    async onMessage(connection, request) {
      if (request.path === "/large") return void connection.send({ body: large() });
      // As many handlers do: whoever is slow is waited for.
      if (isStreaming) for await (const _ of request.body);
      connection.send(request.target);
    },
  });
  let peak = 0;
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  answer({
    where: () => (over === "unix" ? path : Number(new URL(listening.address).port)),
    memory,
    /** The most that was resident since it was last asked. */
    peak: () => {
      const most = peak;
      peak = 0;
      return most;
    },
    /** Connections beyond `others`. */
    slowOnes: async (others: number) => {
      // Theirs that have just ended are on their way out.
      for (let wait = 0; wait < 50 && listening.connections.size > others; wait++) await sleep(100);
      return Math.max(0, listening.connections.size - others);
    },
  });
}

function slow(): void {
  answer({
    attack: ({ name, peers }: Kind, where: number | string) =>
      Promise.all(Array.from({ length: peers }, () => run(name, where))),
  });
}

async function run(name: string, where: number | string): Promise<Ended> {
  const options = typeof where === "string" ? { path: where } : { port: where, host: "127.0.0.1" };
  const isSecure = over === "tls" && name !== "no handshake";
  const socket = isSecure ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
  const start = performance.now();
  // A reset ends it too.
  socket.on("error", () => {});
  let received = "";
  // Who does not read hears of a reset with the next byte that it sends.
  if (name !== "slow reader") {
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received = (received + chunk).slice(0, 1000);
    });
  }
  const gone = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, isSecure ? "secureConnect" : "connect");
  void act(name, socket);
  await gone;
  const [, status = "0"] = /^HTTP\/1\.1 (\d+)/.exec(received) ?? [];
  return { status: Number(status), ms: performance.now() - start, sent: socket.bytesWritten };
}

async function act(name: string, socket: Socket): Promise<void> {
  switch (name) {
    case "silent":
    case "no handshake":
      return;
    case "slowloris":
      socket.write(HEAD);
      return drip(socket, "X-A: b\r\n", 200);
    case "slow body":
      socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n`);
      return drip(socket, "x", 100);
    case "slow chunks":
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
      return drip(socket, "1\r\nx\r\n", 100);
    case "slow reader":
      socket.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
      return drip(socket, "GET / HTTP/1.1\r\n", 200);
    case "endless head":
      socket.write(HEAD);
      return flood(socket, Buffer.from(`X-A: ${"b".repeat(1000)}\r\n`));
    case "endless chunks":
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
      return flood(socket, Buffer.from(`1000\r\n${"x".repeat(4096)}\r\n`));
  }
}

/** A few bytes now and then: each comes before any wait for a byte would be over. */
async function drip(socket: Socket, piece: string, every: number): Promise<void> {
  while (!socket.destroyed && socket.writable) {
    socket.write(piece);
    await sleep(every);
  }
}

/** As fast as they are taken. */
async function flood(socket: Socket, piece: Buffer): Promise<void> {
  while (!socket.destroyed && socket.writable) {
    if (!socket.write(piece))
      await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => {});
    await sleep(0);
  }
}

function others(): void {
  let latencies: number[] = [];
  answer({
    begin: (where: number | string) => {
      const path = "/other";
      const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      for (let nth = 0; nth < OTHERS; nth++) {
        const connection = new LoadConnection(where, over === "tls");
        void (async () => {
          for (;;) {
            const start = performance.now();
            await connection.exchange({
              request,
              responses: 1,
              measure: protocol.measure,
              isRight: (response) => response.includes(path),
            });
            latencies.push(performance.now() - start);
            await sleep(10);
          }
        })();
      }
    },
    latencies: () => {
      const taken = latencies;
      latencies = [];
      return taken;
    },
  });
}
