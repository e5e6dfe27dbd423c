import { describe, expect, test } from "vitest";
import { type CodecSpec, codecLaws, type LawName } from "../src/index.ts";
import { type Saboteur, saboteurs } from "./saboteurs.ts";
import { freshSeeds } from "./seeds.ts";
import { bytes, lines, parcels } from "./specs.ts";

const specs = { bytes, lines, parcels };

/** These take long, and see nothing that a saboteur of other laws does. */
const measured: LawName[] = ["memory is bounded", "time grows with size"];

describe.each(Object.entries(saboteurs))("a codec that %s", (_, saboteur) => {
  test.each(saboteur.caughtBy)("is caught every time: %s", async (law) => {
    for (const seed of freshSeeds(20)) {
      expect(await breaks(law, saboteur, seed), `with the seed ${seed}`).toBe(true);
    }
  });

  test("keeps the other laws", async () => {
    const [seed] = freshSeeds(1);
    const may = new Set<string>([...saboteur.caughtBy, ...(saboteur.perhapsBy ?? []), ...measured]);
    for (const { name, run } of lawsFor(saboteur, seed)) if (!may.has(name)) await run();
  });
});

function lawsFor({ codec, messages }: Saboteur, seed?: number) {
  // Which messages go with which codec is known to who wrote the saboteur.
  return codecLaws({ ...specs[messages], codec, ...(seed && { seed }) } as unknown as CodecSpec<unknown>);
}

async function breaks(name: LawName, saboteur: Saboteur, seed: number): Promise<boolean> {
  const law = lawsFor(saboteur, seed).find((law) => law.name === name);
  try {
    await law?.run();
    return false;
  } catch (error) {
    expect(String(error)).toContain(`broken law: ${name}`);
    expect(String(error)).toContain(`seed: ${seed}`);
    return true;
  }
}
