import { type Endless, endlessStreams, grown, showEndless } from "../endless.ts";
import type { Endpoint } from "../endpoint.ts";
import { heapInUse } from "../heap.ts";
import type { Law } from "../law.ts";
import { CaseError } from "../property.ts";
import { type Rig, settle } from "../rig.ts";

/**
 * However much is sent and never completed, what is kept of it stays under the limit: in the buffer, and what the codec
 * says that it has `retained`. What it does not say is looked for in the heap.
 */
export const memoryIsBounded: Law = {
  name: "memory is bounded",
  async check(rig) {
    const streams = await endlessStreams(rig);
    // The first ones make the engine compile, which takes memory as well.
    for (const stream of streams.slice(0, WARM_UP)) (await feed(rig, stream, ENOUGH)).close();

    const before = heapInUse();
    const fed: Fed[] = [];
    for (const stream of streams) {
      for (const reads of [true, false]) {
        const near = await feed(rig, stream, ENOUGH, reads);
        // One that is closed will be let go of, with all that it holds.
        if (!near.isClosed) fed.push({ stream, reads, near });
        // Messages that are read at once are read either way.
        if (!near.hasWaited) break;
      }
    }
    if (untold(fed, before) > SLABS + fed.length * CONNECTION) await refuseHoarding(rig, fed);
    for (const { near } of fed) near.close();
  },
};

const WARM_UP = 4;

interface Fed {
  stream: Endless;
  reads: boolean;
  near: Endpoint;
}

/** How much is fed: so many times the limit if that can be, and until it would be seen in the heap. */
const ENDLESS = 4;
const ENOUGH = 128 * 1024;
const ENOUGH_FRAMES = 4000;
const TOO_MUCH = 512 * 1024;

const CHUNK = 1000;

/** Feeds until the codec refuses or holds, or it is enough. */
async function feed(rig: Rig, stream: Endless, enough: number, reads = true): Promise<Endpoint> {
  let frames = 0;
  let limit = () => rig.maxPackageSize;
  const near = rig.nearWithoutRecord({
    watch(link) {
      limit = () => link.maxPackageSize;
      return {
        decode() {
          frames += 1;
        },
      };
    },
    ...(!reads && { read: () => undefined }),
  });
  rig.asking(stream.messages, near.start());
  const bytes = grown(stream, TOO_MUCH);
  for (let sent = 0; sent < TOO_MUCH; sent += CHUNK) {
    if (near.framed.isBlocked) await settle(near);
    if (near.isClosed || near.framed.isBlocked) break;
    const isSeen = sent > enough || frames > ENOUGH_FRAMES * (enough / ENOUGH);
    const isEndless = sent > ENDLESS * limit() || ENDLESS * limit() > TOO_MUCH;
    if (isSeen && isEndless) break;
    near.receive(Buffer.from(bytes.subarray(sent, sent + CHUNK)));
    refuseExcess(near, limit(), stream);
  }
  return near;
}

/** A frame under way may take the limit, and what was gathered before it the limit again. */
function refuseExcess({ framed }: Endpoint, limit: number, stream: Endless): void {
  if (framed.isBlocked) return;
  const retained = framed.codec.retained ?? 0;
  if (framed.unread + retained <= 2 * limit) return;
  throw new CaseError(
    `${framed.unread} bytes wait and the codec retains ${retained}: more than twice the limit of ${limit}\n` +
      showEndless(stream),
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

/** The heap holds something that no codec has told of: looks for it in each connection, alone, and feeds more. */
async function refuseHoarding(rig: Rig, fed: readonly Fed[]): Promise<void> {
  for (const { stream, reads } of fed) {
    const before = heapInUse();
    const near = await feed(rig, stream, TOO_MUCH, reads);
    const bytes = untold([{ stream, reads, near }], before);
    near.close();
    if (bytes < SLABS + CONNECTION) continue;
    throw new CaseError(
      `a connection holds about ${Math.round(bytes / 1024)} KiB that its codec does not tell as retained\n` +
        showEndless(stream),
    );
  }
}
