import fc, { type Arbitrary } from "fast-check";
import type { Rig } from "./rig.ts";
import { show } from "./show.ts";

/** Checks that `check` throws for no case. The smallest case found for which it does is told. */
export async function forAll<Case>(
  rig: Rig,
  cases: Arbitrary<Case>,
  check: (one: Case) => Promise<void>,
  runs = rig.runs,
): Promise<void> {
  const { path } = rig.spec;
  const details = await fc.check(fc.asyncProperty(cases, check), {
    seed: rig.seed,
    numRuns: runs,
    // The path leads to a case that was made as small as can be.
    ...(path !== undefined && { path, endOnFailure: true }),
  });
  if (!details.failed) return;
  const [counterexample] = details.counterexample ?? [];
  const { errorInstance } = details;
  throw new CaseError(sentenceOf(errorInstance), {
    cause: errorInstance,
    where: details.counterexamplePath ?? undefined,
    counterexample: show(counterexample),
  });
}

/** A case for which a law does not hold. */
export class CaseError extends Error {
  /** Where the case was found, for `path`. */
  readonly where: string | undefined;
  readonly counterexample: string | undefined;

  constructor(
    sentence: string,
    {
      where,
      counterexample,
      cause,
    }: { where?: string | undefined; counterexample?: string; cause?: unknown } = {},
  ) {
    super(sentence, { cause });
    this.where = where;
    this.counterexample = counterexample;
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "Broken" ? error.message : (error.stack ?? String(error));
}
