import { existsSync } from "node:fs";
import type { Row, Suite } from "../suite.ts";
import { codec, rowOfModule } from "../suites/codec.ts";
import { suites } from "../suites.ts";
import { typedPath } from "./typed-path.ts";

/** A row of a suite, or of a module that was given to one. */
export interface Chosen {
  suite: string;
  row: Row;
}

export interface Choice {
  /** Names of suites or parts of them, and modules with a codec. None: all suites. */
  words: readonly string[];
  /** What must all occur in a row's name. */
  only: readonly string[];
  quick: boolean;
}

/** @throws TypeError for a word that means nothing, or when nothing is left */
export function choose({ words, only, quick }: Choice): Chosen[] {
  const modules = words.filter(isPath);
  const names = words.filter((word) => !isPath(word) && !(word === codec.name && modules.length > 0));
  for (const name of names) {
    if (!suites.some((suite) => suite.name.includes(name)))
      throw new TypeError(`no suite "${name}"; there are: ${suites.map(({ name }) => name).join(", ")}`);
  }
  const isNamed = (suite: Suite) => names.some((name) => suite.name.includes(name));
  const asked = words.length === 0 ? suites : suites.filter(isNamed);
  const rows = [
    ...modules.map((file) => ({ suite: codec.name, row: rowOfModule(existing(file)) })),
    ...asked.flatMap((suite) => suite.rows.map((row) => ({ suite: suite.name, row }))),
  ];
  const chosen = rows
    // What was asked for by name is wanted, whether it is quick or not.
    .filter(({ row }) => !quick || row.isQuick || only.length > 0)
    .filter(({ suite, row }) => only.every((word) => `${suite}: ${row.name}`.includes(word)));
  if (chosen.length === 0)
    throw new TypeError(`no row has all of: ${only.join(", ")}. \`bench list\` shows them`);
  return chosen;
}

function isPath(word: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(word);
}

function existing(file: string): string {
  const path = typedPath(file);
  if (!existsSync(path)) throw new TypeError(`there is no ${path}`);
  return path;
}
