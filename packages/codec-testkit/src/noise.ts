import fc, { type Arbitrary } from "fast-check";
import type { Frame, Recording, Rig } from "./rig.ts";

/** How a stream comes about that may be wrong. */
export type Noise =
  | { from: "messages"; messages: unknown[]; others: unknown[]; edits: Edit[] }
  /** Bytes of the spec, or random ones: behind what is valid, or instead of it. */
  | { from: "noise"; isOpened: boolean; messages: unknown[]; noise: Uint8Array };

const EDITS = ["truncate", "flip", "replace", "insert", "remove", "repeat", "splice"] as const;

/** One change to a stream, near the beginning of a frame: there are its lengths, flags and kinds. */
interface Edit {
  edit: (typeof EDITS)[number];
  frame: number;
  offset: number;
  /** Which bit to flip; how many bytes to remove or to repeat. */
  count: number;
  bytes: Uint8Array;
}

/** A stream and what it was made of. */
export interface Noisy {
  stream: Buffer;
  messages: readonly unknown[];
}

export function noises(rig: Rig): Arbitrary<Noise> {
  const { noise } = rig.spec;
  const random = noisy(rig, fc.uint8Array({ maxLength: 40 }));
  return fc.oneof(
    { weight: 4, arbitrary: edited(rig, { minLength: 0, maxLength: 3 }, ...EDITS) },
    // Behind other edits an end is rarely within a frame's first bytes.
    { weight: 2, arbitrary: edited(rig, { minLength: 1, maxLength: 1 }, "truncate") },
    { weight: 1, arbitrary: random },
    { weight: noise ? 2 : 0, arbitrary: noise ? noisy(rig, noise) : random },
  );
}

function edited(
  rig: Rig,
  length: { minLength: number; maxLength: number },
  ...kinds: Edit["edit"][]
): Arbitrary<Noise> {
  const edit: Arbitrary<Edit> = fc.record({
    edit: fc.constantFrom(...kinds),
    frame: fc.nat(7),
    offset: fc.oneof({ weight: 3, arbitrary: fc.nat(7) }, { weight: 1, arbitrary: fc.nat(4095) }),
    count: fc.nat(7),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  });
  return fc.record({
    from: fc.constant("messages" as const),
    messages: rig.messages(5),
    others: rig.messages(2),
    edits: fc.array(edit, length),
  });
}

function noisy(rig: Rig, noise: Arbitrary<Uint8Array>): Arbitrary<Noise> {
  return fc.record({
    from: fc.constant("noise" as const),
    isOpened: fc.boolean(),
    messages: rig.messages(2),
    noise,
  });
}

export async function makeNoise(rig: Rig, source: Noise): Promise<Noisy> {
  const { messages } = source;
  const recording = await rig.record(messages);
  if (source.from === "noise") {
    const valid = source.isOpened ? recording.stream.subarray(0, recording.goodbye) : [];
    return { stream: Buffer.from([...valid, ...source.noise]), messages };
  }
  const other = await rig.record(source.others);
  const stream = source.edits.reduce(
    (edited, edit) => applied(edit, edited, recording, other),
    recording.stream,
  );
  return { stream, messages };
}

function applied(edit: Edit, stream: Buffer, recording: Recording, other: Recording): Buffer {
  const at = Math.min(stream.length, place(edit, recording.frames));
  const before = stream.subarray(0, at);
  const after = stream.subarray(at);
  const { count, bytes } = edit;
  switch (edit.edit) {
    case "truncate":
      return before;
    case "flip":
      return after.length === 0
        ? stream
        : Buffer.concat([before, Buffer.of(after[0]! ^ (1 << (count % 8))), after.subarray(1)]);
    case "replace":
      return Buffer.concat([before, bytes, after.subarray(bytes.length)]);
    case "insert":
      return Buffer.concat([before, bytes, after]);
    case "remove":
      return Buffer.concat([before, after.subarray(count + 1)]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, 4 * (count + 1)), after]);
    case "splice":
      return Buffer.concat([before, other.stream.subarray(place(edit, other.frames))]);
  }
}

function place({ frame, offset }: Edit, frames: readonly Frame[]): number {
  if (frames.length === 0) return offset;
  const { start, length } = frames[frame % frames.length]!;
  return start + (offset % (length + 1));
}
