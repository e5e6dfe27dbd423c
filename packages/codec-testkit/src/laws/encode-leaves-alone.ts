import { isDeepStrictEqual } from "node:util";
import { Broken } from "../broken.ts";
import type { Law } from "../law.ts";
import { forAll } from "../property.ts";
import { mapped, plain } from "../read.ts";

/** A message is after it was sent, and after all that follows, what it was before. */
export const encodeLeavesAlone: Law = {
  name: "encode leaves the message alone",
  check: (rig) =>
    forAll(rig, rig.messages(6), async (messages) => {
      const sent: { message: unknown; before: unknown }[] = [];
      await rig.record(messages, {
        onSend: (message) => sent.push({ message, before: copied(message) }),
      });
      for (const { message, before } of sent) {
        const after = copied(message);
        if (isDeepStrictEqual(before, after)) continue;
        throw new Broken("encode has changed the message", { before, after });
      }
    }),
};

function copied(message: unknown): unknown {
  const outline = plain(message, () => "a stream");
  return mapped(
    outline,
    () => undefined,
    (bytes) => Buffer.from(bytes),
  );
}
