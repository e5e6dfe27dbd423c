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
/** Well below that and well above, measuring again would change nothing. */
const CLEARLY_FINE = 12;
const CLEARLY_BROKEN = 48;
const ROUNDS = 5;

/** A busy machine may disturb all rounds; a codec that is slow is so again. */
const TRIALS = 2;

/** Bytes of the shortest stream measured, of the longest, and of the pieces that they come in. */
const SHORTEST = 4 * 1024;
const LONGEST = 32 * 1024;
const PIECE = 64;

/** A stream of many frames is made longer until eight of it take so many ms. One that never ends is as long as can be. */
const MEASURABLE_MS = 1.5;

/** For codecs that refuse longer ones: what is worth measuring, and in how many pieces. */
const WORTHWHILE = 64;
const PIECES = 512;

async function refuseGrowth(rig: Rig, stream: Endless): Promise<void> {
  const drip = await measurable(rig, stream);
  if (drip === undefined) return;
  let times = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < TRIALS && times > TOO_MANY_TIMES; trial++)
    times = await growth(rig, stream, drip);
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
}

/** How the stream is to be dripped. Nothing, when the codec refuses it before there is something to measure. */
async function measurable(rig: Rig, stream: Endless): Promise<Drip | undefined> {
  for (let size = SHORTEST; ; ) {
    const { ms, fed, unread } = await lap(rig, stream, { size: TIMES * size, piece: PIECE });
    if (fed < TIMES * size) return dripOf(fed);
    if (ms >= MEASURABLE_MS || size === LONGEST) return { size, piece: PIECE };
    // What is searched again with each piece costs little beside the piece, until there is much of it.
    const isWaiting = 2 * unread > fed;
    size = isWaiting ? LONGEST : Math.min(LONGEST, 2 * size);
  }
}

/** For a codec that takes so many bytes and no more. */
function dripOf(bytes: number): Drip | undefined {
  const size = Math.floor(bytes / TIMES);
  if (size < WORTHWHILE) return undefined;
  return { size, piece: Math.max(1, Math.min(PIECE, Math.floor(size / PIECES))) };
}

/** How many times as long the stream takes when it is eight times as long. */
async function growth(rig: Rig, stream: Endless, { size, piece }: Drip): Promise<number> {
  let short = Number.POSITIVE_INFINITY;
  let long = Number.POSITIVE_INFINITY;
  const one: Drip = { size, piece };
  const eight: Drip = { size: TIMES * size, piece };
  for (let round = 1; round <= ROUNDS; round++) {
    const laps = [
      await lap(rig, stream, one),
      await lap(rig, stream, one),
      await lap(rig, stream, eight, 1.5 * CLEARLY_BROKEN * short),
    ] as const;
    short = Math.min(short, laps[0].ms, laps[1].ms);
    long = Math.min(long, laps[2].ms);
    const times = long / short;
    if (times < CLEARLY_FINE || (round > 1 && times > CLEARLY_BROKEN)) break;
  }
  return long / short;
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
  { size, piece }: Drip,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<Lap> {
  const near = rig.asking(stream.messages, rig.nearWithoutRecord({}, 2 * TIMES * LONGEST).start());
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
