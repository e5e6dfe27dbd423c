import fc from "fast-check";
import { Broken } from "../broken.ts";
import { cut } from "../chunks.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Law } from "../law.ts";
import { makeNoise, type Noisy, noises } from "../noise.ts";
import { difference, observe } from "../observe.ts";
import { forAll } from "../property.ts";
import { conclude, type Rig, settle } from "../rig.ts";

/** Two connections, interleaved byte by byte on the way in and message by message on the way out, are as each alone. */
export const nothingShared: Law = {
  name: "connections share no state",
  check: (rig) =>
    forAll(
      rig,
      fc.record({
        sources: fc.tuple(noises(rig), noises(rig)),
        messages: fc.tuple(rig.messages(4), rig.messages(4)),
      }),
      async ({ sources, messages }) => {
        await compareReceiving(rig, await makeNoise(rig, sources[0]), await makeNoise(rig, sources[1]));
        await compareSending(rig, ...messages);
      },
    ),
};

async function compareReceiving(rig: Rig, ...noisy: [Noisy, Noisy]): Promise<void> {
  const alone = [];
  for (const { stream, messages } of noisy) alone.push(await rig.replay(cut(stream, [1]), { messages }));
  const together = noisy.map(({ messages }) => rig.begin(messages));
  const chunks = noisy.map(({ stream }) => cut(stream, [1]));
  for (let at = 0; at < Math.max(...chunks.map((one) => one.length)); at++) {
    for (const [index, near] of together.entries()) await feed(near, chunks[index]![at]);
  }
  for (const near of together) await conclude(near);
  for (const [index, near] of together.entries()) {
    const differs = difference(observe(alone[index]!.happenings), observe(near.happenings));
    if (!differs) continue;
    throw new Broken("of two connections that receive in turn, one is not as it is alone", {
      stream: noisy[index]!.stream,
      other: noisy[1 - index]!.stream,
      alone: differs.one,
      interleaved: differs.other,
    });
  }
}

async function compareSending(rig: Rig, ...messages: [unknown[], unknown[]]): Promise<void> {
  const inTurn = { between: async () => {} };
  const alone = [await rig.record(messages[0], inTurn), await rig.record(messages[1], inTurn)];
  const together = await Promise.all(messages.map((one) => rig.record(one, inTurn)));
  for (const [index, { stream, near }] of together.entries()) {
    const facts = { messages: messages[index], other: messages[1 - index] };
    if (!alone[index]!.stream.equals(stream)) {
      throw new Broken("of two connections that send in turn, one writes other bytes than alone", {
        ...facts,
        alone: alone[index]!.stream,
        interleaved: stream,
      });
    }
    const differs = difference(observe(alone[index]!.near.happenings), observe(near.happenings));
    if (!differs) continue;
    throw new Broken("of two connections that talk in turn, one is not as it is alone", {
      ...facts,
      alone: differs.one,
      interleaved: differs.other,
    });
  }
}

async function feed(near: Endpoint, chunk: Buffer | undefined): Promise<void> {
  if (chunk === undefined) return;
  near.receive(chunk);
  if (near.framed.isBlocked) await settle(near);
}
