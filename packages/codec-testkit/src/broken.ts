import { show } from "./show.ts";

/** A law does not hold. Says how, and the facts of the case. */
export class Broken extends Error {
  constructor(sentence: string, facts: Record<string, unknown> = {}) {
    super([sentence, ...Object.entries(facts).map(describe)].join("\n"));
    this.name = "Broken";
  }
}

function describe([name, value]: [string, unknown]): string {
  return `  ${name}: ${show(value).replaceAll("\n", "\n    ")}`;
}
