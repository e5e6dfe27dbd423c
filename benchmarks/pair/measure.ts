import { join } from "node:path";
import { type Comparison, compare } from "./comparison.ts";
import type { Cores } from "./cores.ts";
import type { Round } from "./load.ts";
import { LoadProcess } from "./load-process.ts";
import { ServerProcess } from "./processes.ts";
import { nameOf, type Row } from "./rows.ts";

export interface Settings {
  cores: Cores;
  /**
   * How often the servers are started, each of them first in turn. Two processes of one program differ by some 3 % for as
   * long as they live, and the one started first was behind by 2 % (10 times net against net, Node 26).
   */
  starts: number;
  /** Pairs of rounds, over all starts. */
  rounds: number;
  /** Milliseconds of each round that count. */
  duration: number;
  /** Milliseconds of load ahead of those: the caches still belong to the other server. */
  warmUp: number;
  /** A folder for V8 to leave a profile of each server in. */
  profiles?: string | undefined;
}

/** Milliseconds of CPU time that a server needs for V8 to compile what is hot, or as many rounds when it gets none. */
const TO_COMPILE = { cpu: 1500, rounds: 8 };

type Who = "ours" | "control";

/**
 * Starts the two servers of `row`, and loads one while the other is idle, in turn.
 * @throws NotAvailable when one does not know its protocol, Error when one answers wrongly
 */
export async function measure(row: Row, settings: Settings): Promise<Comparison> {
  const rounds: Record<Who, Round[]> = { ours: [], control: [] };
  const order: [Who, Who] = ["ours", "control"];
  for (let start = 0; start < settings.starts; start++) {
    await measureOnce(row, settings, order, rounds);
    order.reverse();
  }
  return compare(rounds.ours, rounds.control);
}

async function measureOnce(
  row: Row,
  { cores, starts, rounds, duration, warmUp, profiles }: Settings,
  [first, second]: [Who, Who],
  results: Record<Who, Round[]>,
): Promise<void> {
  const start = (who: Who) => {
    const profile = profiles && join(profiles, `${nameOf(row).replace("/", "vs")}, ${who}.cpuprofile`);
    return ServerProcess.start(row[who], { core: cores.server, profile });
  };
  await using firstServer = await start(first);
  await using secondServer = await start(second);
  await using load = new LoadProcess({ core: cores.load });
  const turns = [
    { server: firstServer, results: results[first] },
    { server: secondServer, results: results[second] },
  ];

  for (const { server } of turns) {
    await load.open(server, row, duration);
    await letCompile(load, server, duration);
  }
  for (let pair = 0; pair < rounds / starts; pair++) {
    for (const { server, results } of turns) results.push(await load.round(server, warmUp, duration));
    turns.reverse();
  }
}

async function letCompile(load: LoadProcess, server: ServerProcess, duration: number): Promise<void> {
  let used = 0;
  for (let round = 0; used < TO_COMPILE.cpu && round < TO_COMPILE.rounds; round++) {
    const { cpu } = await load.round(server, 0, duration);
    used += (cpu?.server.used ?? 1) * duration;
  }
}
