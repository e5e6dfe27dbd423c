import { join } from "node:path";
import { type Program, ServerProcess } from "../method/processes.ts";
import { inTurns } from "../method/turns.ts";
import type { Absent } from "../result.ts";
import { NotAvailable, type Run } from "../suite.ts";
import type { Work } from "./load.ts";
import { LoadProcess } from "./load-process.ts";
import type { Round } from "./round.ts";

/** A server, and how to start it. */
export interface Server extends Program {
  name: string;
  /** Without it there is nothing to measure. */
  isOurs?: boolean;
  /** When others are asked otherwise than the rest: Socket.IO's clients speak their own protocol. */
  work?: Partial<Work>;
}

/** A server that is running and was looked over, and the process that can load it. */
export interface Loaded {
  server: ServerProcess;
  load: LoadProcess;
}

interface Started {
  name: string;
  loaded: Loaded;
}

/** CPU time is given in so many rounds at most: a server that gets none would take forever. */
const MAX_COMPILE_ROUNDS = 8;

/**
 * Starts the servers, opens connections to each and lets V8 compile; then `turn` is called for each in each round, while
 * the others are idle. All of that as often as `run.starts` says.
 *
 * @returns what `turn` returned, by the server's name, and who could not come: also those that are not ours to mend, and
 * answer wrongly
 * @throws NotAvailable when ours cannot, Error when one of ours, or of npm, answers wrongly
 */
export async function underLoad<Value>(
  what: string,
  servers: readonly Server[],
  work: Work,
  run: Run,
  turn: (loaded: Loaded) => Promise<Value>,
): Promise<{ values: Map<string, Value[]>; absent: Absent[] }> {
  const values = new Map<string, Value[]>(servers.map(({ name }) => [name, []]));
  const absent: Absent[] = [];
  const order = [...servers];
  const roundsOf = (start: number) =>
    Math.floor(((start + 1) * run.rounds) / run.starts) - Math.floor((start * run.rounds) / run.starts);
  for (let start = 0; start < run.starts; ) {
    const failed = await startOnce(what, order, work, run, async (started) => {
      await inTurns(started, roundsOf(start), async ({ name, loaded }, round) => {
        run.progress(`${name}, round ${round + 1}`);
        values.get(name)!.push(await turn(loaded));
      });
    });
    if (failed === undefined) {
      start++;
      // Each is the first in turn.
      order.reverse();
    } else {
      // Once more without it: whatever it has left in the load's process does not disturb the others.
      absent.push(failed);
      values.delete(failed.name);
      order.splice(
        order.findIndex(({ name }) => name === failed.name),
        1,
      );
    }
  }
  return { values, absent };
}

/** Runs `rounds` on all servers, when all have started. @returns who could not, if one that may be absent could not */
async function startOnce(
  what: string,
  servers: readonly Server[],
  work: Work,
  run: Run,
  rounds: (started: Started[]) => Promise<void>,
): Promise<Absent | undefined> {
  await using stack = new AsyncDisposableStack();
  // One for all: that two of them differ, as two processes do, would be in the ratio. It ends before the servers do, whose
  // end it takes for a fault.
  await using load = new LoadProcess({ core: run.cores.load });
  const started: Started[] = [];
  for (const server of servers) {
    run.progress(`${server.name} starts`);
    try {
      started.push({ name: server.name, loaded: await open(what, server, work, run, load, stack) });
    } catch (error) {
      const isForeign = server.runtime !== undefined;
      if (server.isOurs || !(isForeign || error instanceof NotAvailable)) throw error;
      return { name: server.name, because: (error as Error).message };
    }
  }
  await rounds(started);
  return undefined;
}

/** A message, over and over: what a server answers in a second. */
export async function throughput(
  what: string,
  servers: readonly Server[],
  work: Work,
  run: Run,
): Promise<{ rounds: Map<string, Round[]>; absent: Absent[] }> {
  const { values, absent } = await underLoad(what, servers, work, run, ({ server, load }) =>
    load.round(server, run.warmUp, run.duration),
  );
  return { rounds: values, absent };
}

async function open(
  what: string,
  server: Server,
  work: Work,
  run: Run,
  load: LoadProcess,
  stack: AsyncDisposableStack,
): Promise<Loaded> {
  const name = `${what}, ${server.name}`.replaceAll("/", " ");
  const profile = run.profiles && join(run.profiles, `${name}.cpuprofile`);
  const running = stack.use(await ServerProcess.start(server, { core: run.cores.server, profile }));
  await load.open(running, { ...work, ...server.work }, run.duration);
  let used = 0;
  for (let round = 0; used < run.compile && round < MAX_COMPILE_ROUNDS; round++) {
    const { cpu } = await load.round(running, 0, run.duration);
    used += (cpu?.server.used ?? 1) * run.duration;
  }
  return { server: running, load };
}
