import type { Farewell } from "@sock/codec";
import fc from "fast-check";
import { Broken } from "../broken.ts";
import { cut } from "../chunks.ts";
import type { Law } from "../law.ts";
import { makeNoise, noises } from "../noise.ts";
import { forAll } from "../property.ts";
import { conclude, settle } from "../rig.ts";

/** Whatever arrives, there come messages, silence or a `ProtocolError`: nothing else is thrown, at the end neither. */
export const garbageIsRefused: Law = {
  name: "garbage is refused",
  check: (rig) =>
    forAll(
      rig,
      fc.record({
        source: noises(rig),
        sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
        goodbye: fc.option(farewells, { nil: undefined }),
      }),
      async ({ source, sizes, goodbye }) => {
        const { stream, messages } = await makeNoise(rig, source);
        const near = rig.begin(messages);
        for (const chunk of cut(stream, sizes)) {
          near.receive(chunk);
          if (near.framed.isBlocked) await settle(near);
        }
        if (goodbye) near.farewell(goodbye);
        await conclude(near);
        for (const happening of near.happenings) {
          if (happening.what !== "failed" || happening.code !== undefined) continue;
          throw new Broken(`the codec threw what is no ProtocolError, in ${happening.phase}`, {
            stream,
            chunks: sizes,
            thrown: happening.error,
          });
        }
      },
    ),
};

const farewells = fc.constantFrom<Farewell[]>(
  { why: "close" },
  { why: "close", code: 1000, reason: "done" },
  { why: "drain" },
  { why: "stop" },
  { why: "deadline", phase: "idle" },
  { why: "limit", what: "memory", limit: 1024 },
  { why: "fault", error: new Error("a handler threw") },
);
