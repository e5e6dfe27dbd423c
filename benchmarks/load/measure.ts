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
  /** When others are asked otherwise than the rest: Socket.IO's clients speak their own protocol. */
  work?: Partial<Work>;
}

/** A server that is running and was looked over, and the process that can load it. */
export interface Loaded {
  server: ServerProcess;
  load: LoadProcess;
}

/** CPU time is given in so many rounds at most: a server that gets none would take forever. */
const MAX_COMPILE_ROUNDS = 8;

/**
 * Starts the servers, opens connections to each and lets V8 compile; then `turn` is called for each in each round, while
 * the others are idle. All of that as often as `run.starts` says.
 *
 * @returns what `turn` returned, by the server's name, and who could not come
 * @throws NotAvailable when ours, the first, cannot, Error when one answers wrongly
 */
export async function underLoad<Value>(
  what: string,
  servers: readonly Server[],
  work: Work,
  run: Run,
  turn: (loaded: Loaded) => Promise<Value>,
): Promise<{ values: Map<string, Value[]>; absent: Absent[] }> {
  const values = new Map<string, Value[]>(servers.map(({ name }) => [name, []]));
  const absent = new Map<string, Absent>();
  const order = [...servers];
  const roundsOf = (start: number) =>
    Math.floor(((start + 1) * run.rounds) / run.starts) - Math.floor((start * run.rounds) / run.starts);
  for (let start = 0; start < run.starts; start++) {
    await using stack = new AsyncDisposableStack();
    // One for all: that two of them differ, as two processes do, would be in the ratio. It ends before the servers do, whose
    // end it takes for a fault.
    await using load = new LoadProcess({ core: run.cores.load });
    const started: { name: string; loaded: Loaded }[] = [];
    for (const server of order) {
      if (absent.has(server.name)) continue;
      run.progress(`${server.name} starts`);
      try {
        started.push({ name: server.name, loaded: await open(what, server, work, run, load, stack) });
      } catch (error) {
        if (!(error instanceof NotAvailable) || server === servers[0]) throw error;
        absent.set(server.name, { name: server.name, because: error.message });
      }
    }
    await inTurns(started, roundsOf(start), async ({ name, loaded }, round) => {
      run.progress(`${name}, round ${round + 1}`);
      values.get(name)!.push(await turn(loaded));
    });
    // Each is the first in turn.
    order.reverse();
  }
  for (const name of absent.keys()) values.delete(name);
  return { values, absent: [...absent.values()] };
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
