import type { CodecFactory } from "@sock/codec";
import { type Endless, endlessStreams, grown, showEndless } from "../endless.ts";
import { Endpoint } from "../endpoint.ts";
import type { Law } from "../law.ts";
import { CaseError } from "../property.ts";
import { type Rig, settle } from "../rig.ts";
import { Stopwatch } from "../stopwatch.ts";

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
const CLEARLY_BROKEN = 32;
const HOPELESS = 64;
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

/** A codec that waits for the end of a message may take so many times as long as one that does nothing. */
const WAITING = 3;

/** For codecs that refuse longer ones: what is worth measuring, and in how many pieces. */
const WORTHWHILE = 64;
const PIECES = 512;

async function refuseGrowth(rig: Rig, stream: Endless): Promise<void> {
  const begin = () => rig.asking(stream.messages, rig.nearWithoutRecord({}, MAX_SIZE).start());
  let drip = await measurable(stream, begin);
  if (drip === undefined) return;
  let growth = { times: 0, ms: 0 };
  for (let trial = 0; trial < TRIALS && growth.times < CLEARLY_BROKEN; trial++) {
    growth = await measure(stream, drip, begin);
    if (growth.times < CLEARLY_FINE) return;
    if (!drip.isRefused && growth.ms < ENOUGH_MS) drip = { ...drip, size: 2 * drip.size };
  }
  if (growth.times <= TOO_MANY_TIMES) return;
  if (drip.isWaiting && growth.ms < WAITING * (await measure(stream, drip, beginWaiting)).ms) return;
  const { size, piece } = drip;
  const count = growth.times < CLEARLY_BROKEN ? growth.times.toFixed(0) : `more than ${CLEARLY_BROKEN}`;
  throw new CaseError(
    `${TIMES * size} bytes take ${count} times as long as ${size}, in pieces of ${piece}\n${showEndless(stream)}`,
  );
}

type Begin = () => Endpoint;

/** Never sees a frame: what the buffer and the memory for it cost is not the codec's doing. */
function beginWaiting(): Endpoint {
  const waiting: CodecFactory<never> = () => ({ input: () => 0, decode: () => undefined, encode: () => "" });
  return new Endpoint<unknown>(waiting, { maxPackageSize: MAX_SIZE, isRecording: false }).start();
}

interface Drip {
  /** Bytes of the short stream. */
  size: number;
  piece: number;
  /** No frame ends in it. */
  isWaiting: boolean;
  /** The codec takes no more than `TIMES * size` bytes. */
  isRefused: boolean;
}

/** How the stream is to be dripped. Nothing, when the codec refuses it before there is something to measure. */
async function measurable(stream: Endless, begin: Begin): Promise<Drip | undefined> {
  let drip: Drip = { size: SHORT, piece: 64, isWaiting: false, isRefused: false };
  for (;;) {
    const stopwatch = new Stopwatch();
    const { fed, unread } = await lap(grown(stream, TIMES * drip.size), drip.piece, begin(), stopwatch);
    if (fed < TIMES * drip.size) return refusedAt(fed);
    if (stopwatch.fastest >= MEASURABLE_MS || drip.size >= LONG) return drip;
    if (2 * unread > fed) drip = { ...drip, size: LONG, piece: 256, isWaiting: true };
    else drip = { ...drip, size: 2 * drip.size };
  }
}

/** For a codec that takes so many bytes and no more. */
function refusedAt(bytes: number): Drip | undefined {
  const size = Math.floor(bytes / TIMES);
  if (size < WORTHWHILE) return undefined;
  return { size, piece: Math.max(1, Math.floor(size / PIECES)), isWaiting: false, isRefused: true };
}

interface Growth {
  /** How many times as long the stream takes when it is eight times as long. */
  times: number;
  /** How long that is. */
  ms: number;
}

async function measure(stream: Endless, { size, piece }: Drip, begin: Begin): Promise<Growth> {
  const short = new Stopwatch();
  const long = new Stopwatch();
  let times = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    await lap(grown(stream, size), piece, begin(), short);
    await lap(grown(stream, size), piece, begin(), short);
    await lap(grown(stream, TIMES * size), piece, begin(), long, HOPELESS * short.fastest);
    const byClock = long.fastest / short.fastest;
    times = Math.min(byClock, long.accounted / short.accounted);
    if (byClock < CLEARLY_FINE || (round > 2 && times > CLEARLY_BROKEN)) break;
  }
  return { times, ms: long.fastest };
}

interface Lap {
  /** Bytes that the codec has taken. It may refuse the stream before its end. */
  fed: number;
  unread: number;
}

/** Drips `bytes`. Gives up after `patience` ms. */
async function lap(
  bytes: Buffer,
  piece: number,
  near: Endpoint,
  stopwatch: Stopwatch,
  patience = Number.POSITIVE_INFINITY,
): Promise<Lap> {
  const pieces = piecesOf(bytes, piece);
  let fed = 0;
  stopwatch.start();
  for (const [index, one] of pieces.entries()) {
    near.receive(one);
    if (near.framed.isBlocked) await settle(near);
    if (near.isClosed || near.framed.isBlocked) break;
    fed += one.length;
    if (index % 16 === 0 && stopwatch.elapsed > patience) break;
  }
  stopwatch.stop();
  const { unread } = near.framed;
  near.close();
  return { fed, unread };
}

function piecesOf(bytes: Buffer, piece: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
    bytes.subarray(index * piece, (index + 1) * piece),
  );
}
