import fc from "fast-check";
import { Broken } from "../broken.ts";
import { cut } from "../chunks.ts";
import type { Law } from "../law.ts";
import { makeNoise, type Noise, noises } from "../noise.ts";
import { difference, observe } from "../observe.ts";
import { forAll } from "../property.ts";
import type { Rig } from "../rig.ts";

/** Streams up to this length are cut in two at every place; longer ones at the places that the case says. */
const SHORT = 24;

/** Whole, cut anywhere and byte by byte are the same: messages, replies, notes, end, error, and the class of bytes. */
export const chunkBoundaries: Law = {
  name: "chunk boundaries change nothing",
  check: (rig) =>
    forAll(rig, cases(rig), async ({ source, sizes, places }) => {
      const { stream, messages } = await makeNoise(rig, source);
      const observed = async (chunks: Buffer[]) =>
        observe((await rig.replay(chunks, { messages })).happenings);
      const whole = await observed(cut(stream));

      const compare = async (how: string, chunks: Buffer[]) => {
        const differs = difference(whole, await observed(chunks));
        if (!differs) return;
        throw new Broken(`what comes of a stream ${how} is not what comes of it whole`, {
          stream,
          chunks,
          whole: differs.one,
          [how]: differs.other,
        });
      };
      await compare("byte by byte", cut(stream, [1]));
      await compare("cut in pieces", cut(stream, sizes));
      const cuts = stream.length <= SHORT ? stream.keys() : places.map((place) => place % stream.length);
      for (const at of cuts) await compare("cut in two", cut(stream, [at, stream.length]));
    }),
};

function cases(rig: Rig) {
  const valid: fc.Arbitrary<Noise> = fc.record({
    from: fc.constant("messages" as const),
    messages: rig.messages(4),
    others: fc.constant([]),
    edits: fc.constant([]),
  });
  return fc.record({
    source: fc.oneof({ weight: 2, arbitrary: valid }, { weight: 3, arbitrary: noises(rig) }),
    sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
    places: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
  });
}
