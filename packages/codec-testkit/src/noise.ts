import fc, { type Arbitrary } from "fast-check";
import type { Frame, Recording, Rig } from "./rig.ts";

/** How a stream comes about that may be wrong. */
export type Noise =
  | { from: "messages"; messages: unknown[]; others: unknown[]; edits: Edit[] }
  | { from: "random bytes"; isOpened: boolean; bytes: Uint8Array }
  | { from: "spec"; bytes: Uint8Array };

/** One change to a stream, near the beginning of a frame: there are its lengths, flags and kinds. */
interface Edit {
  edit: "truncate" | "flip" | "replace" | "insert" | "remove" | "repeat" | "splice";
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
  const bytes = fc.uint8Array({ maxLength: 40 });
  const edit: Arbitrary<Edit> = fc.record({
    edit: fc.constantFrom("truncate", "flip", "replace", "insert", "remove", "repeat", "splice"),
    frame: fc.nat(7),
    offset: fc.oneof({ weight: 3, arbitrary: fc.nat(7) }, { weight: 1, arbitrary: fc.nat(4095) }),
    count: fc.nat(7),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  });
  const edited = fc.record({
    from: fc.constant("messages" as const),
    messages: rig.messages(3),
    others: rig.messages(2),
    edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  });
  const random = fc.record({ from: fc.constant("random bytes" as const), isOpened: fc.boolean(), bytes });
  const kinds: fc.WeightedArbitrary<Noise>[] = [
    { weight: 4, arbitrary: edited },
    { weight: 1, arbitrary: random },
  ];
  const { noise } = rig.spec;
  if (noise) {
    kinds.push({ weight: 2, arbitrary: fc.record({ from: fc.constant("spec" as const), bytes: noise }) });
  }
  return fc.oneof(...kinds);
}

export async function makeNoise(rig: Rig, noise: Noise): Promise<Noisy> {
  if (noise.from === "spec") return { stream: Buffer.from(noise.bytes), messages: [] };
  if (noise.from === "random bytes") {
    const { stream, opened } = await rig.record([]);
    const handshake = noise.isOpened ? stream.subarray(0, opened) : stream.subarray(0, 0);
    return { stream: Buffer.concat([handshake, noise.bytes]), messages: [] };
  }
  const { messages, others, edits } = noise;
  const recording = await rig.record(messages);
  const other = await rig.record(others);
  const stream = edits.reduce((edited, edit) => applied(edit, edited, recording, other), recording.stream);
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
