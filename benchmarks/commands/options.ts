import { parseArgs } from "node:util";
import { chooseCores } from "../method/cores.ts";
import type { Run } from "../suite.ts";
import { typedPath } from "./typed-path.ts";

/** What was typed. */
export interface Options {
  /** What stands before and between the options. */
  words: string[];
  only: string[];
  json: string | undefined;
  quick: boolean;
  run: Run;
}

/** Long enough to be told from noise. */
const FULL = { starts: 2, rounds: 10, duration: 250, warmUp: 100, compile: 1200, scale: 1 };
/** For a look: every kind of row in under two minutes, and nothing to be concluded from. */
const QUICK = { starts: 1, rounds: 3, duration: 100, warmUp: 40, compile: 250, scale: 0.1 };

/** @throws TypeError, RangeError for what cannot be meant */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      json: { type: "string" },
      profile: { type: "string" },
      peer: { type: "string", multiple: true, default: [] },
    },
  });
  const settings = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? settings.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--rounds ${values.rounds}: a whole number from 1 on`);
  return {
    words: positionals,
    only: values.only,
    json: values.json && typedPath(values.json),
    quick: values.quick,
    run: {
      ...settings,
      rounds,
      starts: Math.min(settings.starts, rounds),
      cores: chooseCores(),
      peers: Object.fromEntries(values.peer.map(placeOf)),
      profiles: values.profile && typedPath(values.profile),
      progress: () => {},
    },
  };
}

function placeOf(peer: string): [name: string, place: string] {
  const [, name, place] = /^([^=]+)=(.+)$/.exec(peer) ?? [];
  if (name === undefined || place === undefined) throw new TypeError(`--peer ${peer}: <name>=<path>`);
  return [name, place];
}
