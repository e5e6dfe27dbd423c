import fc from "fast-check";
import type { Recording, Rig } from "./rig.ts";
import { showBytes } from "./show.ts";

/** A stream as long as wanted: something valid, and then the same again and again. */
export interface Endless {
  /** What the beginning was made of, for codecs that must ask first. */
  messages: readonly unknown[];
  beginning: Buffer;
  repeated: Buffer;
}

/** Messages, frames and noise again and again, and messages that never end. The shortest first. */
export async function endlessStreams(rig: Rig): Promise<Endless[]> {
  const { message, noise } = rig.spec;
  const few = fc.array(message, { minLength: 1, maxLength: 3 });
  const kinds = new Set<number>();
  const streams: Endless[] = [];
  for (const messages of fc.sample(few, { seed: rig.seed, numRuns: SAMPLES })) {
    const recording = await rig.record(messages);
    for (const [beginning, repeated] of [...again(recording, kinds), ...neverEnding(recording)]) {
      streams.push({ messages, beginning, repeated });
    }
  }
  if (noise) {
    const { stream, opened } = await rig.record([]);
    for (const repeated of fc.sample(noise, { seed: rig.seed, numRuns: NOISES })) {
      streams.push({ messages: [], beginning: stream.subarray(0, opened), repeated: Buffer.from(repeated) });
    }
  }
  return distinct(streams).sort((one, other) => lengthOf(one) - lengthOf(other));
}

/** The first so many bytes of it. */
export function grown({ beginning, repeated }: Endless, size: number): Buffer {
  return Buffer.concat([beginning, Buffer.alloc(Math.max(0, size - beginning.length), repeated)], size);
}

/** For people, as the facts of a case are. */
export function showEndless({ beginning, repeated }: Endless): string {
  return `  stream: ${showBytes(beginning)}\n  and then, again and again: ${showBytes(repeated)}`;
}

const SAMPLES = 3;
const NOISES = 8;

/** Frames that begin differently may well be of different kinds; of more of them, some will do. */
const KINDS = 6;

type Parts = [beginning: Buffer, repeated: Buffer];

function* again({ stream, frames, opened, goodbye }: Recording, kinds: Set<number>): Generator<Parts> {
  const handshake = stream.subarray(0, opened);
  if (kinds.size === 0) yield [handshake, stream.subarray(opened, goodbye)];
  for (const { start, length } of frames) {
    const kind = stream[start]!;
    if (start < opened || kinds.has(kind) || kinds.size === KINDS) continue;
    kinds.add(kind);
    yield [handshake, stream.subarray(start, start + length)];
  }
}

function* neverEnding({ stream, frames, opened, goodbye }: Recording): Generator<Parts> {
  const last = frames.findLast(({ start }) => start < goodbye)?.start ?? 0;
  const within = Math.ceil((last + goodbye) / 2);
  for (const start of new Set([Math.ceil(opened / 2), opened, within])) {
    for (const filler of FILLERS) yield [stream.subarray(0, start), filler];
  }
}

/** A letter; and what is a small number to some codecs and no letter to others. */
const FILLERS = [Buffer.of(0x61), Buffer.of(0x01)];

function distinct(streams: Endless[]): Endless[] {
  const named = streams
    .filter(({ repeated }) => repeated.length > 0)
    .map(
      (stream) => [`${stream.beginning.toString("hex")} ${stream.repeated.toString("hex")}`, stream] as const,
    );
  return [...new Map(named).values()];
}

function lengthOf({ beginning, repeated }: Endless): number {
  return beginning.length + repeated.length;
}
