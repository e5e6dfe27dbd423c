import { Broken } from "../broken.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Law } from "../law.ts";
import { saysTheSame } from "../observe.ts";
import { forAll } from "../property.ts";
import { asRead, mapped, read } from "../read.ts";
import type { Rig } from "../rig.ts";

/** Any list of messages comes back in order, nothing left over. */
export const roundTrip: Law = {
  name: "what is encoded is decoded",
  check: (rig) =>
    forAll(rig, rig.messages(8), async (messages) => {
      // Before they are sent, lest a codec changes what it is measured by.
      const expected = await Promise.all(messages.map((message) => expectation(rig, message)));
      const { near, far, stream, unread } = await rig.record(messages);
      refuseFailure("the codec failed", near, stream);
      refuseFailure("the peer failed", far, stream);

      const received = near.messages;
      for (let at = 0; at < Math.max(expected.length, received.length); at++) {
        const facts = { stream, sent: expected, received };
        if (at >= received.length) throw new Broken(`message ${at} did not arrive`, facts);
        if (at >= expected.length) throw new Broken(`message ${at} was never sent`, facts);
        if (!saysTheSame(received[at], expected[at]))
          throw new Broken(`message ${at} arrived changed`, facts);
      }
      if (unread > 0) throw new Broken(`${unread} bytes were left over`, { stream });
    }),
};

function refuseFailure(what: string, endpoint: Endpoint, stream: Buffer): void {
  const { failure } = endpoint;
  if (failure) throw new Broken(`${what} in ${failure.phase}: ${failure.error}`, { stream });
}

async function expectation(rig: Rig, message: unknown): Promise<unknown> {
  const { expect } = rig.spec;
  const { value, readings } = read(expect ? expect(message) : rig.make(message));
  await Promise.all(readings.map((reading) => reading.done));
  return mapped(value, asRead, (bytes) => Buffer.from(bytes));
}
