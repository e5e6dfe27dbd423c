import type { Cores } from "./method/cores.ts";
import type { Result } from "./result.ts";

/** What is measured together, and asked for by one word. */
export interface Suite {
  /** The word. */
  name: string;
  /** What it answers, in a line. */
  about: string;
  rows: readonly Row[];
}

/** One thing that is measured. */
export interface Row {
  /** Unique within its suite. `--only` looks for words in it. */
  name: string;
  /** Part of `--quick`, which is for a look and a smoke test. */
  isQuick?: boolean;
  /** Whether some issue named a floor for it: `check` measures these. */
  hasLimit?: boolean;
  /**
   * Several results when several things were measured at once: percentiles, or steps of a codec.
   * @throws NotAvailable when this machine or this checkout lacks what it takes
   */
  measure(run: Run): Promise<Result[]>;
}

/** How it is measured. */
export interface Run {
  cores: Cores;
  /**
   * How often the servers are started, each of them first in turn. Two processes of one program differ by some 3 % for as
   * long as they live, and the one started first was behind by 2 % (10 times net against net, Node 26).
   */
  starts: number;
  /** Rounds of each server, over all starts. */
  rounds: number;
  /** Milliseconds of each round that count. */
  duration: number;
  /** Milliseconds of load ahead of those: the caches still belong to the other server. */
  warmUp: number;
  /** Milliseconds of CPU time that a server is given first, for V8 to compile what is hot. */
  compile: number;
  /** What counts of things are multiplied with: connections, deadlines. Below 1 for a look. */
  scale: number;
  /** Where peers are that are not from npm: `bun`, `uws`, `workerman`. */
  peers: Readonly<Record<string, string>>;
  /** A folder for V8 to leave a profile of each server in. */
  profiles?: string | undefined;
  /** Told what is going on. */
  progress(what: string): void;
}

/** This machine or this checkout lacks what it takes. The message says what. */
export class NotAvailable extends Error {}
