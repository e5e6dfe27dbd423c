import fc from "fast-check";
import { Broken } from "../broken.ts";
import type { Law } from "../law.ts";
import { difference, observe } from "../observe.ts";
import { hold } from "../property.ts";
import { type Recording, type Rig, settle } from "../rig.ts";

/** A frame is told from its own bytes: from nothing behind it, and without waiting for what may come. */
export const frameEnds: Law = {
  name: "a frame ends where it ends, whatever follows",
  check: (rig) =>
    hold(
      rig,
      fc.record({
        messages: rig.messages(3),
        frame: fc.nat(),
        tail: fc.uint8Array({ minLength: 2, maxLength: 9 }),
      }),
      async ({ messages, frame: nth, tail }) => {
        const recording = await rig.record(messages);
        if (recording.frames.length === 0) return;
        const index = nth % recording.frames.length;
        const start = recording.frames.slice(0, index).reduce((sum, length) => sum + length, 0);
        const frame = recording.stream.subarray(start, start + recording.frames[index]!);
        const facts = { "the stream before": recording.stream.subarray(0, start), frame };

        const alone = await decodeFrame(rig, recording, start, frame, EMPTY);
        if (alone.length !== frame.length) {
          throw new Broken(`a frame of ${frame.length} bytes is not seen when nothing follows it`, facts);
        }
        const tails = [tail, ...EVERY_BYTE];
        for (const follows of tails) {
          const followed = await decodeFrame(rig, recording, start, frame, follows);
          if (followed.length !== frame.length) {
            const length = followed.length === undefined ? "never ends" : `has ${followed.length} bytes`;
            throw new Broken(`a frame of ${frame.length} bytes ${length} when others follow`, {
              ...facts,
              follows,
            });
          }
          const differs = difference(alone.happenings, followed.happenings);
          if (differs) {
            throw new Broken("a frame means something else when others follow", {
              ...facts,
              follows,
              alone: differs.one,
              followed: differs.other,
            });
          }
        }
      },
      // Every case is 256.
      Math.ceil(rig.runs / 3),
    ),
};

const EMPTY = Buffer.alloc(0);
const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => Buffer.of(byte));

interface Decoded {
  /** Undefined: no frame was decoded. */
  length: number | undefined;
  /** What came of it and of those before, until the next frame is asked for. */
  happenings: unknown[];
}

async function decodeFrame(
  rig: Rig,
  { messages, stream }: Recording,
  start: number,
  frame: Uint8Array,
  follows: Uint8Array,
): Promise<Decoded> {
  let length: number | undefined;
  let isAtFrame = false;
  let happened: number | undefined;
  const near = rig.begin(messages, {
    watch: () => ({
      input(buffer, ask) {
        if (length === undefined) return ask(buffer);
        // What comes next is of no interest.
        happened ??= near.happenings.length;
        return 0;
      },
      decode(decoded) {
        if (isAtFrame) length ??= decoded.length;
      },
    }),
  });
  if (start > 0) near.receive(Buffer.from(stream.subarray(0, start)));
  if (near.isBusy) await settle(near);
  isAtFrame = true;
  near.receive(Buffer.concat([frame, follows]));
  if (near.isBusy) await settle(near);
  const happenings = observe(near.happenings.slice(0, happened), () => "depends on later frames");
  near.close();
  return { length, happenings };
}
