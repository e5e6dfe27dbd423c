import { type Endless, endlessStreams, grown, showEndless } from "../endless.ts";
import type { Law } from "../law.ts";
import { CaseError } from "../property.ts";
import { type Rig, settle } from "../rig.ts";

/**
 * Eight times the bytes, in pieces of the same size, take about eight times as long. The one law that is timed: it is
 * broken at 24, and a codec that begins its search anew with each piece takes up to 64.
 */
export const timeGrows: Law = {
  name: "time grows with size",
  async check(rig) {
    for (const stream of await endlessStreams(rig)) await refuseGrowth(rig, stream);
  },
};

const TIMES = 8;
const TOO_MANY_TIMES = 24;
/** Below that there is no doubt. */
const CLEARLY_FINE = 12;
const ROUNDS = 5;

/** Times that are taken of each eighth of a stream. */
const SLICES = 8;

/** Bytes of a short stream of frames, which is doubled until eight of it take so many ms; in doubt until so many. */
const SHORT = 512;
const MEASURABLE_MS = 3;
const DOUBTFUL_MS = 30;

/** Bytes of a message that never ends. To search it again costs little beside all else, until there is much of it. */
const LONG = 64 * 1024;

/** A codec that holds does so from some waiting bytes on: when it is so from beginning to end. */
const STEADY = 8 * 1024;

/** For codecs that refuse longer ones: what is worth measuring, and in how many pieces. */
const WORTHWHILE = 64;
const PIECES = 512;

/** No limit stops a stream here, but those of the codec itself. */
const MAX_SIZE = 64 * 1024 * 1024;

interface Drip {
  /** Bytes of the short stream. */
  size: number;
  piece: number;
  /** The codec takes no more than eight times that. */
  isRefused: boolean;
}

async function refuseGrowth(rig: Rig, stream: Endless): Promise<void> {
  let drip = await measurable(rig, stream);
  if (drip === undefined) return;
  let { times, ms } = await growth(rig, stream, drip);
  while (isDoubtful(times) && ms < DOUBTFUL_MS && !drip.isRefused) {
    drip = { ...drip, size: 2 * drip.size };
    ({ times, ms } = await growth(rig, stream, drip));
  }
  // A second time, lest it was chance.
  if (times > TOO_MANY_TIMES) ({ times } = await growth(rig, stream, drip));
  if (times <= TOO_MANY_TIMES) return;
  const { size, piece } = drip;
  throw new CaseError(
    `${TIMES * size} bytes take ${times.toFixed(0)} times as long as ${size}, in pieces of ${piece}\n` +
      showEndless(stream),
  );
}

function isDoubtful(times: number): boolean {
  return times > CLEARLY_FINE && times <= TOO_MANY_TIMES;
}

/** How the stream is to be dripped. Nothing, when the codec refuses it before there is something to measure. */
async function measurable(rig: Rig, stream: Endless): Promise<Drip | undefined> {
  let drip: Drip = { size: SHORT, piece: 64, isRefused: false };
  for (;;) {
    // The first may be slow for being the first.
    await lap(rig, stream, drip);
    const { slices, fed, unread, hasHeld } = await lap(rig, stream, drip);
    if (fed < TIMES * drip.size) return refusedAt(fed);
    const isWaiting = 2 * unread > fed;
    const isSteady = !isWaiting && (!hasHeld || drip.size >= STEADY);
    if (drip.size >= LONG || (isSteady && sum(slices) > MEASURABLE_MS)) return drip;
    drip = isWaiting ? { ...drip, size: LONG, piece: 256 } : { ...drip, size: 2 * drip.size };
  }
}

/** For a codec that takes so many bytes and no more. */
function refusedAt(bytes: number): Drip | undefined {
  const size = Math.floor(bytes / TIMES);
  if (size < WORTHWHILE) return undefined;
  return { size, piece: Math.max(1, Math.floor(size / PIECES)), isRefused: true };
}

interface Growth {
  /** How many times as long the stream takes when it is eight times as long: than its first eighth does. */
  times: number;
  /** How long that is. */
  ms: number;
}

/**
 * Each slice is taken at its fastest, and each eighth at its median slice: what else goes on in the machine, or a
 * buffer that is made larger, disturbs only some.
 */
async function growth(rig: Rig, stream: Endless, drip: Drip): Promise<Growth> {
  let fastest: number[] = [];
  for (let round = 1; ; round++) {
    const { slices } = await lap(rig, stream, drip);
    fastest = slices.map((ms, at) => Math.min(ms, fastest[at] ?? ms));
    const eighths = Array.from({ length: TIMES }, (_, nth) =>
      median(fastest.slice(nth * SLICES, (nth + 1) * SLICES)),
    );
    const times = sum(eighths) / eighths[0]!;
    if (round === ROUNDS || (round > 1 && times < CLEARLY_FINE)) return { times, ms: sum(fastest) };
  }
}

interface Lap {
  /** Milliseconds that each slice of the stream took. */
  slices: number[];
  /** Bytes that the codec has taken. It may refuse the stream before its end. */
  fed: number;
  unread: number;
  /** The codec stopped delivery at times. */
  hasHeld: boolean;
}

async function lap(rig: Rig, stream: Endless, { size, piece }: Drip): Promise<Lap> {
  const near = rig.asking(stream.messages, rig.nearWithoutRecord({}, MAX_SIZE).start());
  const slices: number[] = [];
  let fed = 0;
  let hasHeld = false;
  for (const pieces of slicesOf(grown(stream, TIMES * size), piece)) {
    const start = performance.now();
    for (const one of pieces) {
      near.receive(one);
      if (near.framed.isBlocked) {
        hasHeld = true;
        await settle(near);
      }
      if (near.isClosed || near.framed.isBlocked) break;
      fed += one.length;
    }
    slices.push(performance.now() - start);
  }
  const { unread } = near.framed;
  near.close();
  return { slices, fed, unread, hasHeld };
}

function slicesOf(bytes: Buffer, piece: number): Buffer[][] {
  const length = bytes.length / (TIMES * SLICES);
  return Array.from({ length: TIMES * SLICES }, (_, nth) => {
    const slice = bytes.subarray(Math.round(nth * length), Math.round((nth + 1) * length));
    return Array.from({ length: Math.ceil(slice.length / piece) }, (_, at) =>
      slice.subarray(at * piece, (at + 1) * piece),
    );
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1]!;
}
