import { describe, test } from "vitest";
import { codecLaws } from "../src/index.ts";
import { greeting, Lines, Parcels, Pieces, Sized } from "./codecs.ts";
import { freshSeeds } from "./seeds.ts";
import { bytes, lines, parcels } from "./specs.ts";

const server = greeting("server", (link) => new Pieces(link));
const client = greeting("client", (link) => new Pieces(link));

const sides = (seed: number) =>
  seed % 2 === 0 ? { codec: server, peer: client } : { codec: client, peer: server };

describe.each([
  ["lines", (seed: number) => codecLaws({ ...lines, codec: () => new Lines(), seed })],
  ["lengths before bytes", (seed: number) => codecLaws({ ...bytes, codec: () => new Sized(), seed })],
  ["greetings, either side", (seed: number) => codecLaws({ ...bytes, ...sides(seed), seed })],
  ["streams", (seed: number) => codecLaws({ ...parcels, codec: (link) => new Parcels(link), seed })],
])("%s", (_, laws) => {
  test.each(laws(0).map(({ name }) => name))("%s", async (name) => {
    for (const seed of freshSeeds(20))
      await laws(seed)
        .find((law) => law.name === name)
        ?.run();
  });
});
