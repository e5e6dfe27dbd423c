import type { CodecLink } from "@sock/codec";
import fc from "fast-check";
import { Broken } from "../broken.ts";
import type { Endpoint } from "../endpoint.ts";
import { heapInUse } from "../heap.ts";
import type { Law } from "../law.ts";
import { CaseError, hold } from "../property.ts";
import { type Rig, settle } from "../rig.ts";
import { show } from "../show.ts";

/**
 * However much is sent and never completed, what is kept of it stays under the limit: in the buffer, and what the codec
 * says that it has `retained`. What it does not say is looked for in the heap.
 */
export const memoryIsBounded: Law = {
  name: "memory is bounded",
  async check(rig) {
    const fed: Fed[] = [];
    let before = 0;
    let cases = 0;
    await hold(
      rig,
      feeds(rig),
      async (feed) => {
        // The first few make the engine compile, which takes memory as well.
        if (cases++ === WARM_UP) before = heapInUse();
        const near = await feedEndlessly(rig, feed);
        // One that is closed will be let go of, with all that it holds.
        if (cases > WARM_UP && !near.isClosed) fed.push({ feed, near });
      },
      // Each case is long.
      WARM_UP + Math.ceil(rig.runs / 5),
    );
    if (untold(fed, before) > SLABS + fed.length * CONNECTION) await refuseHoarding(rig, fed);
  },
};

const WARM_UP = 4;

/** A stream that goes on with the same bytes for ever, from anywhere in a valid one. */
interface Feed {
  messages: unknown[];
  start: number;
  /** What is repeated: some bytes, or a frame of those recorded. */
  repeated: Uint8Array | number;
  chunkLength: number;
  reads: boolean;
}

interface Fed {
  feed: Feed;
  near: Endpoint;
}

function feeds(rig: Rig): fc.Arbitrary<Feed> {
  return fc.record({
    messages: rig.messages(3),
    start: fc.nat(),
    repeated: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3 }), fc.nat(7)),
    chunkLength: fc.constantFrom(64, 1000, 4096),
    reads: fc.boolean(),
  });
}

/** How much is fed: so many times the limit, but enough to be seen in the heap, and not for ever. */
const ENDLESS = 4;
const ENOUGH = 64 * 1024;
const TOO_MUCH = 512 * 1024;

async function feedEndlessly(rig: Rig, feed: Feed, atLeast = ENOUGH): Promise<Endpoint> {
  const { messages, start, repeated, chunkLength, reads } = feed;
  const { stream, frames, goodbye } = await rig.record(messages);
  const prefix = stream.subarray(0, start % (goodbye + 1));
  const unit = typeof repeated === "number" ? frameAt(stream, frames, repeated) : repeated;

  let link: CodecLink<unknown> | undefined;
  const near = rig.nearWithoutRecord({
    watch(of) {
      link = of;
      return {};
    },
    ...(!reads && { read: () => undefined }),
  });
  rig.asking(messages, near.start());
  near.receive(Buffer.from(prefix));
  const chunk = Buffer.alloc(Math.ceil(chunkLength / unit.length) * unit.length, unit);
  for (let sent = 0; ; sent += chunk.length) {
    if (near.framed.isBlocked) await settle(near);
    if (near.isClosed || near.isEnded || near.framed.isBlocked) return near;
    const limit = link?.maxPackageSize ?? rig.maxPackageSize;
    if (sent > Math.min(Math.max(ENDLESS * limit, atLeast), TOO_MUCH)) return near;
    near.receive(Buffer.from(chunk));
    refuseExcess(near, limit, { stream: prefix, "and then, without end": unit, "fed so far": sent });
  }
}

function frameAt(stream: Buffer, frames: readonly number[], nth: number): Uint8Array {
  if (frames.length === 0) return Buffer.of(0);
  const index = nth % frames.length;
  const start = frames.slice(0, index).reduce((sum, length) => sum + length, 0);
  return stream.subarray(start, start + frames[index]!);
}

/** A frame under way may take the limit, and what was gathered before it the limit again. */
function refuseExcess({ framed }: Endpoint, limit: number, facts: Record<string, unknown>): void {
  if (framed.isBlocked) return;
  const retained = framed.codec.retained ?? 0;
  if (framed.unread + retained <= 2 * limit) return;
  throw new Broken(
    `${framed.unread} bytes wait and the codec retains ${retained}: more than twice the limit of ${limit}`,
    facts,
  );
}

/** Bytes that a connection takes beside what it was sent, and its share of the slabs that small buffers are cut from. */
const CONNECTION = 32 * 1024;
const SLABS = 3 * Buffer.poolSize;

/** Bytes in use since `before` that no connection tells of. */
function untold(fed: readonly Fed[], before: number): number {
  const told = fed.reduce((sum, { near }) => sum + near.framed.retained, 0);
  return heapInUse() - before - told;
}

/** The heap holds something that no codec has told of: looks for it in each case, alone, and feeds more. */
async function refuseHoarding(rig: Rig, fed: readonly Fed[]): Promise<void> {
  for (const { feed } of fed) {
    const before = heapInUse();
    const again = { feed, near: await feedEndlessly(rig, feed, TOO_MUCH) };
    const bytes = untold([again], before);
    if (bytes < SLABS + CONNECTION) continue;
    throw new CaseError(
      `a connection holds about ${Math.round(bytes / 1024)} KiB that its codec does not tell as retained`,
      { counterexample: show(feed) },
    );
  }
}
