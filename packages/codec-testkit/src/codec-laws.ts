import { randomInt } from "node:crypto";
import type { Law } from "./law.ts";
import { laws } from "./laws/all.ts";
import { CaseError } from "./property.ts";
import { type AnySpec, Rig } from "./rig.ts";
import { type CodecSpec, lawNames } from "./spec.ts";

/** One law, to be run as one test. */
export interface CodecLaw {
  /** A sentence that says what holds; for a skipped law also why it need not. */
  name: string;
  /** Why it is skipped, if it is. `run` does nothing then. */
  skipped?: string;
  /** Resolves when the law holds; rejects with the seed and the smallest case found for which it does not. */
  run(): Promise<void>;
}

/**
 * The laws that every codec keeps, for any test runner.
 *
 * @example
 * for (const law of codecLaws({ codec: text(), message: fc.string() })) test(law.name, law.run);
 */
export function codecLaws<In, Out = In, Message = Out, Sent = Out>(
  spec: CodecSpec<In, Out, Message, Sent>,
): CodecLaw[] {
  const reasons = new Map(spec.skip?.map(({ law, because }) => [law, because]));
  for (const name of reasons.keys()) {
    if (!lawNames.includes(name)) throw new TypeError(`there is no law "${name}" to skip`);
  }
  const seed = spec.seed ?? randomInt(2 ** 31);
  // The laws treat messages as what they cannot know; the types have joined them up to here.
  const rig = new Rig(spec as unknown as AnySpec, seed);
  return laws.map((law) => {
    const because = reasons.get(law.name);
    if (because === undefined) return { name: law.name, run: () => run(law, rig) };
    return { name: `${law.name} (skipped: ${because})`, skipped: because, run: async () => {} };
  });
}

async function run(law: Law, rig: Rig): Promise<void> {
  try {
    await law.check(rig);
  } catch (error) {
    if (!(error instanceof CaseError)) throw error;
    throw new Error(report(law, rig, error), { cause: error.cause });
  }
}

function report(law: Law, rig: Rig, { message, where, counterexample }: CaseError): string {
  const path = where === undefined ? "" : `, path: "${where}"`;
  const lines = [`broken law: ${law.name}`, indent(message)];
  if (counterexample !== undefined) lines.push(indent(`case: ${counterexample}`));
  lines.push(indent(`again: codecLaws({ …, seed: ${rig.seed}${path} })`));
  return lines.join("\n");
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
