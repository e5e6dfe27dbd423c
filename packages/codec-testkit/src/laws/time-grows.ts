import fc from "fast-check";
import type { Law } from "../law.ts";
import { CaseError } from "../property.ts";
import { type Rig, settle } from "../rig.ts";
import { showBytes } from "../show.ts";

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
/** Well below that, measuring again would change nothing. */
const CLEARLY_FINE = 12;
const ROUNDS = 5;
/** No need to wait for more. */
const HOPELESS = 4 * TOO_MANY_TIMES;

/** What can be told from the noise of a busy machine. */
const MEASURABLE_MS = 0.1;

/** Bytes of the shortest stream measured, of the longest, and of the pieces that they come in. */
const SHORTEST = 4 * 1024;
const LONGEST = 64 * 1024 * TIMES;
const PIECE = 64;

/** Pieces of the shortest stream at least, when the codec refuses long ones. */
const PIECES = 32;

/** A stream as long as wanted. */
interface Endless {
  messages: readonly unknown[];
  prefix: Uint8Array;
  /** Repeated behind it. */
  unit: Uint8Array;
}

/** Messages and frames, again and again; and messages that never end. */
async function endlessStreams(rig: Rig): Promise<Endless[]> {
  const few = fc.array(rig.spec.message, { minLength: 1, maxLength: 3 });
  const streams = new Map<string, Endless>();
  for (const messages of fc.sample(few, { seed: rig.seed, numRuns: 2 })) {
    const { stream, frames, opened, goodbye } = await rig.record(messages);
    const add = (prefix: Buffer, unit: Buffer) => {
      const key = `${prefix.toString("hex")} ${unit.toString("hex")}`;
      if (unit.length > 0) streams.set(key, { messages, prefix, unit });
    };
    const handshake = stream.subarray(0, opened);
    add(handshake, stream.subarray(opened, goodbye));
    for (const frame of framesBetween(stream, frames, opened, goodbye).slice(0, 2)) add(handshake, frame);
    for (const start of [opened, Math.ceil((opened + goodbye) / 2), Math.max(opened, goodbye - 1)]) {
      for (const filler of [0x61, 0x00]) add(stream.subarray(0, start), Buffer.of(filler));
    }
  }
  return [...streams.values()];
}

function framesBetween(stream: Buffer, frames: readonly number[], from: number, to: number): Buffer[] {
  const found: Buffer[] = [];
  let start = 0;
  for (const length of frames) {
    if (start >= from && start + length <= to) found.push(stream.subarray(start, start + length));
    start += length;
  }
  return found;
}

async function refuseGrowth(rig: Rig, stream: Endless): Promise<void> {
  let size = SHORTEST;
  let { ms, fed } = await lap(rig, stream, TIMES * size, PIECE);
  const isRefused = fed < TIMES * size;
  if (isRefused && fed < TIMES * PIECES) return;
  const piece = isRefused ? Math.max(1, Math.min(PIECE, Math.floor(fed / TIMES / PIECES))) : PIECE;
  if (isRefused) size = Math.floor(fed / TIMES);
  while (!isRefused && ms < TIMES * MEASURABLE_MS && 2 * TIMES * size <= LONGEST) {
    size *= 2;
    ({ ms, fed } = await lap(rig, stream, TIMES * size, piece));
  }
  const times = await growth(rig, stream, size, piece);
  if (times <= TOO_MANY_TIMES) return;
  const { prefix, unit } = stream;
  const count = times < HOPELESS ? times.toFixed(0) : `more than ${HOPELESS}`;
  throw new CaseError(
    `${TIMES * size} bytes take ${count} times as long as ${size}, in pieces of ${piece}\n` +
      `  stream: ${showBytes(prefix)}\n  and then, again and again: ${showBytes(unit)}`,
  );
}

/** How many times as long the stream takes when it is `TIMES` as long. */
async function growth(rig: Rig, stream: Endless, size: number, piece: number): Promise<number> {
  let short = Number.POSITIVE_INFINITY;
  let long = Number.POSITIVE_INFINITY;
  for (let round = 1; round <= ROUNDS; round++) {
    short = Math.min(short, (await lap(rig, stream, size, piece)).ms);
    long = Math.min(long, (await lap(rig, stream, TIMES * size, piece, HOPELESS * short)).ms);
    if (round > 1 && long / short < CLEARLY_FINE) break;
  }
  return long / short;
}

interface Lap {
  ms: number;
  /** Bytes that the codec has taken. It may refuse the stream before its end. */
  fed: number;
}

/** How long the codec takes for so many bytes, up to `patienceMs`. */
async function lap(
  rig: Rig,
  stream: Endless,
  size: number,
  piece: number,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<Lap> {
  const near = begin(rig, stream);
  const bytes = grown(stream, size);
  const pieces = Array.from({ length: Math.ceil(size / piece) }, (_, index) =>
    bytes.subarray(index * piece, (index + 1) * piece),
  );
  let fed = 0;
  let ms = 0;
  const elapsed = stopwatch();
  for (const one of pieces) {
    near.receive(one);
    if (near.framed.isBlocked) await settle(near);
    if (near.isClosed || near.framed.isBlocked) break;
    fed += one.length;
    ms = elapsed();
    if (ms > patienceMs) break;
  }
  return { ms, fed };
}

/** By the clock or by this process's own account, whichever was disturbed less: other processes, other threads. */
function stopwatch(): () => number {
  const start = performance.now();
  const startCpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(startCpu);
    return Math.min(performance.now() - start, (user + system) / 1000);
  };
}

function begin(rig: Rig, { messages }: Endless) {
  return rig.asking(messages, rig.nearWithoutRecord({}, 2 * LONGEST).start());
}

function grown({ prefix, unit }: Endless, size: number): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(Math.max(0, size - prefix.length), unit)], size);
}
