import { describe, test } from "vitest";
import type { CodecLaw } from "../src/index.ts";
import { freshSeeds } from "./seeds.ts";

/** These take long, and try much the same with every seed. */
const measured = ["memory is bounded", "time grows with size"];

/** Tests that a sound codec keeps all laws, whatever the seed. */
export function prove(name: string, laws: (seed: number) => CodecLaw[]): void {
  describe(name, () => {
    test.each(laws(0).map((law) => law.name))("%s", async (name) => {
      for (const seed of freshSeeds(measured.includes(name) ? 5 : 20)) {
        await laws(seed)
          .find((law) => law.name === name)
          ?.run();
      }
    });
  });
}
