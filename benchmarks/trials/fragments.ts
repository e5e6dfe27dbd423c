/**
 * A million fragments of one byte, or of none, on one connection: the server closes it with 1009 or 1008 and grows by
 * less than 32 MiB, while others get their answers within 100 ms. An honest 4 MiB in fragments of 64 bytes pass.
 * `fragments.ts`. The server and those others are a process each, new for each attack.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { LoadConnection } from "../load/load-connection.ts";
import { openWebSocket } from "../load/open-websocket.ts";
import { websocket } from "../load/protocols/websocket.ts";
import { answer, Child } from "../method/child.ts";
import { ServerProcess } from "../method/processes.ts";
import { program } from "../servers.ts";

const FRAGMENTS = 1_000_000;
const ROUNDS = 3;
const CODES = new Set([1008, 1009]);
const GROWTH = 32 * 2 ** 20;
const OTHERS = 20;
/** Milliseconds. */
const LATENCY = 100;
const WARM_UP = 1000;
const PATIENCE = 30_000;

// RFC 6455 5.2.
const FIN = 0x80;
const CONTINUATION = 0x00;
const TEXT = 0x01;
const CLOSE = 0x88;
const MASKED = 0x80;
const KEY = [0x37, 0xfa, 0x21, 0x3d];

const { opening: [handshake] = [], request, measure, isRight } = websocket("text");

if (process.argv[2] === "others") others();
else await main();

async function main(): Promise<void> {
  await attack("of one byte", fragmented(Buffer.from("!"), FRAGMENTS));
  await attack("without a byte", fragmented(Buffer.alloc(0), FRAGMENTS));
  await pass(Buffer.alloc(64, "all of it is wanted; "), (4 * 2 ** 20) / 64);
}

async function attack(what: string, bytes: Buffer): Promise<void> {
  const harms: Harm[] = [];
  while (harms.length < ROUNDS) harms.push(await harmOf(bytes));
  const growth = Math.max(...harms.map(({ growth }) => growth));
  const codes = new Set(harms.map(({ code }) => code));
  // Whatever else the machine does makes answers later now and then; what the attack does, it does always.
  const slowest = Math.min(...harms.map(({ slowest }) => slowest));
  const isHarmless = codes.isSubsetOf(CODES) && growth < GROWTH && slowest < LATENCY;
  const latencies = harms.map(({ slowest, usual }) => `${slowest.toFixed(0)} (${usual.toFixed(0)} without)`);
  console.log(
    `${FRAGMENTS} fragments ${what}: closed with ${[...codes]}, grew by ${(growth / 2 ** 20).toFixed(1)} MiB at most, ` +
      `slowest answer to others ${latencies.join(", ")} ms  ${isHarmless ? "ok" : "MISSED"}`,
  );
  if (!isHarmless) process.exitCode = 1;
}

/** What a connection does to a server and to others. */
interface Harm {
  /** What it was closed with. */
  code: number | undefined;
  growth: number;
  /** Milliseconds that an answer to the others took, and took before. */
  slowest: number;
  usual: number;
}

async function harmOf(bytes: Buffer): Promise<Harm> {
  await using server = await startServer();
  await using others = new Child({ file: import.meta.filename, args: ["others"] });
  const { port } = server;
  await others.ask("come", port);
  await sleep(WARM_UP);
  await others.ask("slowest");
  await sleep(3 * LATENCY);
  const usual = await others.ask<number>("slowest");
  const before = await server.memory();
  // That has kept them waiting.
  await sleep(LATENCY);
  await others.ask("slowest");
  const answer = await sendAll(port, bytes);
  // For answers that are still out.
  await sleep(2 * LATENCY);
  const slowest = await others.ask<number>("slowest");
  const after = await server.memory();
  const code = answer[0] === CLOSE ? answer.readUInt16BE(2) : undefined;
  return { code, growth: after.peak - before.resident, slowest, usual };
}

async function pass(piece: Buffer, count: number): Promise<void> {
  await using server = await startServer();
  const message = Buffer.alloc(count * piece.length, piece);
  const close = Buffer.from([CLOSE, MASKED, ...KEY]);
  const answer = await sendAll(server.port, Buffer.concat([fragmented(piece, count), close]));
  const isPassed = isRight(answer.subarray(0, measure(answer)), message);
  console.log(
    `${message.length} bytes in fragments of ${piece.length}: ${isPassed ? "came back  ok" : "MISSED"}`,
  );
  if (!isPassed) process.exitCode = 1;
}

function startServer(): Promise<ServerProcess> {
  return ServerProcess.start(program("ours/echo.ts", "websocket"), {});
}

/** Resolves with all that the server answers, when it has ended the connection. */
async function sendAll(port: number, bytes: Buffer): Promise<Buffer> {
  const received: Buffer[] = [];
  const socket = await openWebSocket(port, (chunk) => received.push(Buffer.from(chunk)));
  // Not all need be taken.
  socket.on("error", () => socket.destroy());
  socket.write(bytes);
  await once(socket, "close", { signal: AbortSignal.timeout(PATIENCE) });
  return Buffer.concat(received);
}

/** A text in `count` pieces. */
function fragmented(piece: Buffer, count: number): Buffer {
  const masked = piece.map((byte, i) => byte ^ KEY[i & 3]!);
  const frame = Buffer.from([CONTINUATION, MASKED | piece.length, ...KEY, ...masked]);
  const frames = Buffer.alloc(count * frame.length, frame);
  frames[0] = TEXT;
  frames[(count - 1) * frame.length]! |= FIN;
  return frames;
}

/** Connections with a message on its way each, always. */
function others(): void {
  let slowest = 0;
  answer({
    async come(port: number) {
      for (let i = 0; i < OTHERS; i++) {
        const connection = new LoadConnection(port);
        await connection.exchange({ ...handshake!, responses: 1 });
        void echo(connection, Buffer.alloc(64, `I am ${i}; `));
      }
    },
    /** Milliseconds that an answer took since this was asked before. */
    slowest() {
      const answer = slowest;
      slowest = 0;
      return answer;
    },
  });

  async function echo(connection: LoadConnection, message: Buffer): Promise<never> {
    const exchange = {
      request: request(message),
      responses: 1,
      measure,
      isRight: (response: Buffer) => isRight(response, message),
    };
    for (;;) {
      const start = performance.now();
      await connection.exchange(exchange);
      slowest = Math.max(slowest, performance.now() - start);
    }
  }
}
