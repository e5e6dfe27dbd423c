import { describe, test } from "vitest";
import { type CodecLaw, codecLaws } from "../src/index.ts";
import { Answering, Asking, greeting, Lines, Parcels, Pieces, Sized } from "./codecs.ts";
import { freshSeeds } from "./seeds.ts";
import { bytes, lines, parcels } from "./specs.ts";

const server = greeting("server", (link) => new Pieces(link));
const client = greeting("client", (link) => new Pieces(link));

/** Codecs that are sound. Those of two roles play the one or the other. */
const sound: Record<string, (seed: number) => CodecLaw[]> = {
  lines: (seed) => codecLaws({ ...lines, codec: () => new Lines(), seed }),
  "lengths before bytes": (seed) => codecLaws({ ...bytes, codec: () => new Sized(), seed }),
  greetings: (seed) =>
    seed % 2 === 0
      ? codecLaws({ ...bytes, codec: server, peer: client, seed })
      : codecLaws({ ...bytes, codec: client, peer: server, seed }),
  "questions and answers": (seed) =>
    seed % 2 === 0
      ? codecLaws({ ...lines, codec: answering, peer: asking, answer: (line) => `${line}!`, seed })
      : codecLaws({ ...lines, codec: asking, peer: answering, ask: (line) => `${line}?`, seed }),
  streams: (seed) => codecLaws({ ...parcels, codec: (link) => new Parcels(link), seed }),
};

const answering = (link: ConstructorParameters<typeof Answering>[0]) => new Answering(link);
const asking = () => new Asking();

/** These take long, and try much the same with every seed. */
const measured = ["memory is bounded", "time grows with size"];

describe.each(Object.entries(sound))("%s", (_, laws) => {
  test.each(laws(0).map(({ name }) => name))("%s", async (name) => {
    for (const seed of freshSeeds(measured.includes(name) ? 5 : 20)) {
      await laws(seed)
        .find((law) => law.name === name)
        ?.run();
    }
  });
});
