import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { Broken } from "../broken.ts";
import { cut } from "../chunks.ts";
import type { Law } from "../law.ts";
import { makeNoise, noises } from "../noise.ts";
import { difference, observe } from "../observe.ts";
import { forAll } from "../property.ts";
import type { Watcher } from "../watch.ts";

/** The buffer stays as it is; the same question has the same answer, and asking more often changes none. */
export const inputOnlyLooks: Law = {
  name: "input only looks",
  check: (rig) =>
    forAll(
      rig,
      fc.record({
        source: noises(rig),
        sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      }),
      async ({ source, sizes }) => {
        const { stream, messages } = await makeNoise(rig, source);
        const askedOnce = await rig.replay(cut(stream), { messages });

        let found: Broken | undefined;
        const watch = () => askingTwice((broken) => (found ??= broken));
        const askedOften = await rig.replay(cut(stream, sizes), { messages, watch });
        if (found) throw found;
        const differs = difference(observe(askedOnce.happenings), observe(askedOften.happenings));
        if (!differs) return;
        throw new Broken("being asked more often changes what comes of a stream", {
          stream,
          "asked once for each frame": differs.one,
          "asked twice after each chunk": differs.other,
        });
      },
    ),
};

function askingTwice(onBroken: (broken: Broken) => void): Watcher {
  return {
    input(buffer, ask) {
      const before = Buffer.from(buffer);
      const first = answerOf(ask, buffer);
      if (!before.equals(buffer)) {
        onBroken(new Broken("input wrote to the buffer", { before, after: Buffer.from(buffer) }));
      }
      // An error is final: a codec that has thrown is asked nothing more.
      if ("thrown" in first) throw first.thrown;
      const second = answerOf(ask, buffer);
      if (!isDeepStrictEqual(first, second)) {
        onBroken(new Broken("input answers the same question otherwise", { buffer: before, first, second }));
      }
      return first.length;
    },
  };
}

function answerOf(
  ask: (buffer: Uint8Array) => number,
  buffer: Uint8Array,
): { length: number } | { thrown: unknown } {
  try {
    return { length: ask(buffer) };
  } catch (thrown) {
    return { thrown };
  }
}
