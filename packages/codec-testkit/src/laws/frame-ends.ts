import fc from "fast-check";
import { Broken } from "../broken.ts";
import type { Law } from "../law.ts";
import { difference, observe } from "../observe.ts";
import { forAll } from "../property.ts";
import { type Frame, type Recording, type Rig, settle } from "../rig.ts";

/** A frame is told from its own bytes: from nothing behind it, and without waiting for what may come. */
export const frameEnds: Law = {
  name: "a frame ends where it ends, whatever follows",
  check: (rig) =>
    forAll(
      rig,
      fc.record({
        messages: rig.messages(3),
        nth: fc.nat(),
        // Shrinking takes as long as the cases do, and one byte is as small as can be.
        tail: fc.noShrink(fc.uint8Array({ minLength: 2, maxLength: 9 })),
      }),
      async ({ messages, nth, tail }) => {
        const recording = await rig.record(messages);
        const { frames } = recording;
        for (const [index, frame] of frames.entries()) {
          const tails = index === nth % frames.length ? EVERY_BYTE : [tail.subarray(0, 1), tail];
          await compareTails(rig, recording, frame, tails);
        }
      },
      // Every case is 256 and more.
      Math.ceil(rig.runs / 4),
    ),
};

const NOTHING = Buffer.alloc(0);
const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => Buffer.of(byte));

async function compareTails(
  rig: Rig,
  recording: Recording,
  frame: Frame,
  tails: Uint8Array[],
): Promise<void> {
  const { start, length } = frame;
  const { stream } = recording;
  const alone = await decodeFrame(rig, recording, frame, NOTHING);
  for (const tail of [NOTHING, ...tails]) {
    const followed = tail === NOTHING ? alone : await decodeFrame(rig, recording, frame, tail);
    const facts = {
      "the stream before": stream.subarray(0, start),
      frame: stream.subarray(start, start + length),
      "what follows": tail,
    };
    if (followed.length !== length) {
      const found = followed.length === undefined ? "is not seen" : `has ${followed.length}`;
      throw new Broken(`a frame of ${length} bytes ${found}, because of what follows it`, facts);
    }
    const differs = difference(alone.happenings, followed.happenings);
    if (!differs) continue;
    throw new Broken("a frame means something else, because of what follows it", {
      ...facts,
      alone: differs.one,
      followed: differs.other,
    });
  }
}

interface Decoded {
  /** Undefined: no frame was decoded. */
  length: number | undefined;
  /** What came of it and of those before, until the next frame is asked for. */
  happenings: unknown[];
}

async function decodeFrame(
  rig: Rig,
  { messages, stream }: Recording,
  { start, length }: Frame,
  tail: Uint8Array,
): Promise<Decoded> {
  let decoded: number | undefined;
  let isAtFrame = false;
  let happened: number | undefined;
  const near = rig.begin(messages, {
    watch: () => ({
      input(buffer, ask) {
        if (decoded === undefined) return ask(buffer);
        // What comes next is of no interest.
        happened ??= near.happenings.length;
        return 0;
      },
      decode(frame) {
        if (isAtFrame) decoded ??= frame.length;
      },
    }),
  });
  if (start > 0) near.receive(Buffer.from(stream.subarray(0, start)));
  if (near.framed.isBlocked) await settle(near);
  isAtFrame = true;
  near.receive(Buffer.concat([stream.subarray(start, start + length), tail]));
  if (near.framed.isBlocked) await settle(near);
  const happenings = observe(near.happenings.slice(0, happened), () => "depends on later frames");
  near.close();
  return { length: decoded, happenings };
}
