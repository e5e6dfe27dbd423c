import { type Endless, endlessStreams, grown, showEndless } from "../endless.ts";
import type { Law } from "../law.ts";
import { CaseError } from "../property.ts";
import { type Rig, settle } from "../rig.ts";

/**
 * Eight times the bytes, in pieces of the same size, take about eight times as long. The one law that is timed: it is
 * broken at 24, and a codec that begins its search anew with each piece takes 64.
 */
export const timeGrows: Law = {
  name: "time grows with size",
  async check(rig) {
    for (const stream of await endlessStreams(rig)) await refuseGrowth(rig, stream);
  },
};

const TIMES = 8;
const TOO_MANY_TIMES = 24;
/** Below the one and above the other there is no doubt. */
const CLEARLY_FINE = 12;
const CLEARLY_BROKEN = 48;
const ROUNDS = 5;

/** No limit stops a stream here, but those of the codec itself. */
const MAX_SIZE = 64 * 1024 * 1024;

/** In doubt it is measured again, longer: what disturbs a busy machine passes, and what is slow shows more. */
const TRIALS = 4;

/** Bytes of a short stream of frames, which is doubled until eight of it take so many ms. */
const SHORT = 4 * 1024;
const MEASURABLE_MS = 1.5;

/** Bytes of a message that never ends. To search it again costs little beside all else, until there is much of it. */
const LONG = 64 * 1024;

/** As long as that takes, nothing need be longer. */
const ENOUGH_MS = 50;

/** For codecs that refuse longer ones: what is worth measuring, and in how many pieces. */
const WORTHWHILE = 64;
const PIECES = 512;

async function refuseGrowth(rig: Rig, stream: Endless): Promise<void> {
  let drip = await measurable(rig, stream);
  if (drip === undefined) return;
  let times = 0;
  for (let trial = 0; trial < TRIALS && times < CLEARLY_BROKEN; trial++) {
    const growth = await measure(rig, stream, drip);
    times = growth.times;
    if (times < CLEARLY_FINE) return;
    if (!drip.isRefused && growth.ms < ENOUGH_MS) drip = { ...drip, size: 2 * drip.size };
  }
  if (times <= TOO_MANY_TIMES) return;
  const { size, piece } = drip;
  const count = times < CLEARLY_BROKEN ? times.toFixed(0) : `more than ${CLEARLY_BROKEN}`;
  throw new CaseError(
    `${TIMES * size} bytes take ${count} times as long as ${size}, in pieces of ${piece}\n${showEndless(stream)}`,
  );
}

interface Drip {
  /** Bytes of the short stream. */
  size: number;
  piece: number;
  /** The codec takes no more than `TIMES * size` bytes. */
  isRefused: boolean;
}

/** How the stream is to be dripped. Nothing, when the codec refuses it before there is something to measure. */
async function measurable(rig: Rig, stream: Endless): Promise<Drip | undefined> {
  let drip: Drip = { size: SHORT, piece: 64, isRefused: false };
  for (;;) {
    const { ms, fed, unread } = await lap(rig, stream, TIMES * drip.size, drip.piece);
    if (fed < TIMES * drip.size) return refusedAt(fed);
    if (ms >= MEASURABLE_MS || drip.size >= LONG) return drip;
    const isWaiting = 2 * unread > fed;
    drip = isWaiting ? { ...drip, size: LONG, piece: 256 } : { ...drip, size: 2 * drip.size };
  }
}

/** For a codec that takes so many bytes and no more. */
function refusedAt(bytes: number): Drip | undefined {
  const size = Math.floor(bytes / TIMES);
  if (size < WORTHWHILE) return undefined;
  return { size, piece: Math.max(1, Math.floor(size / PIECES)), isRefused: true };
}

/** How many times as long the stream takes when it is eight times as long, and how long that is. */
async function measure(rig: Rig, stream: Endless, { size, piece }: Drip): Promise<{ times: number; ms: number }> {
  let short = Number.POSITIVE_INFINITY;
  let long = Number.POSITIVE_INFINITY;
  let times = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const laps = [
      await lap(rig, stream, size, piece),
      await lap(rig, stream, size, piece),
      await lap(rig, stream, TIMES * size, piece, 1.5 * CLEARLY_BROKEN * short),
    ] as const;
    short = Math.min(short, laps[0].ms, laps[1].ms);
    long = Math.min(long, laps[2].ms);
    times = long / short;
    if (times < CLEARLY_FINE || (round > 1 && times > CLEARLY_BROKEN)) break;
  }
  return { times, ms: long };
}

interface Lap {
  ms: number;
  /** Bytes that the codec has taken. It may refuse the stream before its end. */
  fed: number;
  unread: number;
}

/** Drips a stream of `size` bytes. Gives up after `patienceMs`. */
async function lap(
  rig: Rig,
  stream: Endless,
  size: number,
  piece: number,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<Lap> {
  const near = rig.asking(stream.messages, rig.nearWithoutRecord({}, MAX_SIZE).start());
  const pieces = piecesOf(grown(stream, size), piece);
  const elapsed = stopwatch();
  let fed = 0;
  for (const [index, one] of pieces.entries()) {
    near.receive(one);
    if (near.framed.isBlocked) await settle(near);
    if (near.isClosed || near.framed.isBlocked) break;
    fed += one.length;
    if (index % 16 === 0 && elapsed() > patienceMs) break;
  }
  const ms = elapsed();
  const { unread } = near.framed;
  near.close();
  return { ms, fed, unread };
}

function piecesOf(bytes: Buffer, piece: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
    bytes.subarray(index * piece, (index + 1) * piece),
  );
}

/** By the clock or by this process's own account, whichever was disturbed less: other processes, other threads. */
function stopwatch(): () => number {
  const start = performance.now();
  const startCpu = process.cpuUsage();
  return () => {
    const ms = performance.now() - start;
    // Counted in ticks of 16 ms there.
    if (process.platform === "win32") return ms;
    const { user, system } = process.cpuUsage(startCpu);
    return Math.min(ms, (user + system) / 1000);
  };
}
