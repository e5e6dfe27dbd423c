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

/** Milliseconds of CPU time that a server needs for V8 to compile what is hot; after as many rounds it has to do. */
const TO_COMPILE = { cpu: 1500, rounds: 8 };

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

  for (const server of [ours, control]) {
    await load.open(server, row, duration);
    await warm(load, server, duration);
  }
  const results = { ours: [] as Round[], control: [] as Round[] };
  const turns = [
    { server: ours, rounds: results.ours },
    { server: control, rounds: results.control },
  ];
  for (let pair = 0; pair < rounds; pair++) {
    for (const turn of turns) turn.rounds.push(await load.round(turn.server, warmUp, duration));
    // Neither is always the first.
    turns.reverse();
  }
  return compare(results.ours, results.control);
}

async function warm(load: LoadProcess, server: ServerProcess, duration: number): Promise<void> {
  let used = 0;
  for (let round = 0; used < TO_COMPILE.cpu && round < TO_COMPILE.rounds; round++) {
    const { cpu } = await load.round(server, 0, duration);
    used += (cpu?.server.used ?? 1) * duration;
  }
}
