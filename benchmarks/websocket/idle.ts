/**
 * 5,000 connections that say nothing: what each costs, beside `ws`; and the same with permessage-deflate, when each has
 * had one message of 2 KiB sent back. `idle.ts`. A fresh server and fresh peers for each measurement, a process each.
 */
import { join } from "node:path";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { type Exchange, LoadConnection } from "../pair/load-connection.ts";
import { websocket } from "../pair/protocols/websocket.ts";
import { pairedRatios, spread } from "../pair/statistics.ts";
import { answer, Child } from "../support/child.ts";
import type { Memory } from "../support/memory.ts";

const CONNECTIONS = 5000;
/** At once on their way in: the kernel's queue of connections to be accepted is not endless. */
const LOT = 250;
const ROUNDS = 5;

type Kind = "plain" | "deflate";
/** What ours may take of what `ws` takes. */
const CEILINGS: Record<Kind, number> = { plain: 0.85, deflate: 0.2 };

const FIN_RSV1_TEXT = 0xc1;
/** RFC 7692 7.2.1: the empty block that ends each message, and is not sent. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const message = Buffer.from(
  Array.from({ length: 256 }, (_, i) => `${i * 7919}`.padStart(7).concat(" ")).join(""),
);

if (process.argv[2] === "peers") peers();
else await main();

async function main(): Promise<void> {
  for (const kind of ["plain", "deflate"] as const) {
    const ours: Memory[] = [];
    const theirs: Memory[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await growth("ours", kind));
      theirs.push(await growth("ws", kind));
    }
    const resident = (memories: Memory[]) => memories.map(({ resident }) => resident);
    const ratio = spread(pairedRatios(resident(ours), resident(theirs)));
    const isMissed = ratio.median > CEILINGS[kind];
    console.log(
      `${kind.padEnd(8)} ours ${describe(ours)}  ws ${describe(theirs)}  ` +
        `ratio ${ratio.median.toFixed(2)} [${ratio.q1.toFixed(2)}..${ratio.q3.toFixed(2)}]  ` +
        `ceiling ${CEILINGS[kind]} ${isMissed ? "MISSED" : "ok"}`,
    );
    if (isMissed) process.exitCode = 1;
  }
}

/** By how much a connection makes a server grow. */
async function growth(name: string, kind: Kind): Promise<Memory> {
  await using server = new Child({
    file: join(import.meta.dirname, `support/${name}.ts`),
    args: ["echo", kind],
  });
  await using peers = new Child({ file: import.meta.filename, args: ["peers"] });
  const port = await server.ask("port");
  const before = await server.ask<Memory>("memory");
  await peers.ask("come", port, kind);
  const after = await server.ask<Memory>("memory");
  const each = (what: keyof Memory) => (after[what] - before[what]) / CONNECTIONS;
  return { resident: each("resident"), peak: each("peak"), heap: each("heap"), external: each("external") };
}

function describe(memories: Memory[]): string {
  const kib = (what: keyof Memory) =>
    (spread(memories.map((memory) => memory[what])).median / 1024).toFixed(1).padStart(5);
  return `${kib("resident")} KiB (heap ${kib("heap")}, external ${kib("external")})`;
}

function peers(): void {
  answer({
    async come(port: number, kind: Kind) {
      for (let i = 0; i < CONNECTIONS; i += LOT) {
        await Promise.all(Array.from({ length: LOT }, () => come(port, kind)));
      }
    },
  });
}

async function come(port: number, kind: Kind): Promise<void> {
  const connection = new LoadConnection(port);
  await connection.exchange(kind === "plain" ? handshake : deflateHandshake);
  if (kind === "deflate") await connection.exchange(compressed);
}

const { measure, handshake: plainHandshake, request } = websocket("text");
const handshake: Exchange = { ...plainHandshake!, responses: 1 };

const deflateHandshake: Exchange = {
  ...handshake,
  request: Buffer.from(
    `${handshake.request}`.replace(
      /\r\n\r\n$/,
      "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    ),
  ),
  isRight: (response, index) =>
    handshake.isRight(response, index) && response.includes("Sec-WebSocket-Extensions: permessage-deflate"),
};

const compressed: Exchange = {
  request: compress(message),
  responses: 1,
  measure,
  // The header of a frame of 126 bytes or more.
  isRight: (response) => response[0] === FIN_RSV1_TEXT && inflate(response.subarray(4)).equals(message),
};

function compress(payload: Buffer): Buffer {
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  const frame = request(deflated.subarray(0, -TAIL.length));
  frame[0] = FIN_RSV1_TEXT;
  return frame;
}

function inflate(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}
