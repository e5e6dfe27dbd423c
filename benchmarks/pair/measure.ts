import { join } from "node:path";
import { type Comparison, compare } from "./comparison.ts";
import type { Cores } from "./cores.ts";
import type { Round } from "./load.ts";
import { LoadProcess } from "./load-process.ts";
import { ServerProcess } from "./processes.ts";
import { nameOf, type Row } from "./rows.ts";

export interface Settings {
  cores: Cores;
  /** Pairs of rounds that count. */
  rounds: number;
  /** Milliseconds of each round that count. */
  duration: number;
  /** Milliseconds of load ahead of those: the caches still belong to the other server. */
  warmUp: number;
  /** A folder for V8 to leave a profile of each server in. */
  profiles?: string | undefined;
}

/** Pairs of rounds that are dropped: V8 is still compiling what is hot. */
const DROPPED = 2;

/**
 * Starts the two servers of `row`, and loads one while the other is idle, in turn.
 * @throws NotAvailable when one does not know its protocol, Error when one answers wrongly
 */
export async function measure(row: Row, settings: Settings): Promise<Comparison> {
  const { cores, rounds, duration, warmUp, profiles } = settings;
  const start = (who: "ours" | "control") => {
    const profile = profiles && join(profiles, `${nameOf(row).replace("/", "vs")}, ${who}.cpuprofile`);
    return ServerProcess.start(row[who], { core: cores.server, profile });
  };
  await using ours = await start("ours");
  await using control = await start("control");
  await using load = new LoadProcess({ core: cores.load });
  await load.open(ours, row, duration);
  await load.open(control, row, duration);

  const results = { ours: [] as Round[], control: [] as Round[] };
  const turns = [
    { server: ours, rounds: results.ours },
    { server: control, rounds: results.control },
  ];
  for (let pair = 0; pair < DROPPED + rounds; pair++) {
    for (const turn of turns) turn.rounds.push(await load.round(turn.server, warmUp, duration));
    // Neither is always the first.
    turns.reverse();
  }
  return compare(results.ours.slice(DROPPED), results.control.slice(DROPPED));
}
