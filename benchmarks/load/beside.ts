import { join } from "node:path";
import { Child } from "../method/child.ts";
import { ServerProcess } from "../method/processes.ts";
import { inTurns } from "../method/turns.ts";
import type { Contestant } from "../result.ts";
import type { Run } from "../suite.ts";
import { contestantOf } from "./counted.ts";
import type { Server } from "./measure.ts";
import type { Round } from "./round.ts";

/** A load of its own kind, in a process of its own. */
export interface OwnLoad {
  /** The process: a file of this folder that answers what the others ask. */
  file: string;
  /** The servers, which may need to know something of the load. */
  servers(load: Child): Promise<readonly Server[]>;
  /** Whatever comes before the first round. */
  open?(load: Child, server: ServerProcess, name: string): Promise<void>;
  round(load: Child, server: ServerProcess, warmUp: number, duration: number): Promise<Round>;
  /** Whatever is to be looked at behind the last round. */
  close?(server: ServerProcess, name: string): Promise<void>;
}

/** Rounds of each server, while the others are idle, as often started as `run.starts` says. */
export async function beside(
  what: string,
  { file, servers, open, round, close }: OwnLoad,
  run: Run,
): Promise<Contestant[]> {
  const counted = new Map<string, Round[]>();
  for (let start = 0; start < run.starts; start++) {
    await using stack = new AsyncDisposableStack();
    // Ends before the servers do: it takes their end for a fault.
    await using load = new Child({ file: join(import.meta.dirname, file) }, { core: run.cores.load });
    const all = await servers(load);
    for (const { name } of all) if (!counted.has(name)) counted.set(name, []);
    const started: { name: string; server: ServerProcess }[] = [];
    // Each is the first in turn.
    for (const { name, ...program } of start % 2 === 0 ? all : all.toReversed()) {
      run.progress(`${name} starts`);
      const profile = run.profiles && join(run.profiles, `${what}, ${name}.cpuprofile`);
      const server = stack.use(await ServerProcess.start(program, { core: run.cores.server, profile }));
      await open?.(load, server, name);
      await round(load, server, 0, run.compile);
      started.push({ name, server });
    }
    await inTurns(started, Math.ceil(run.rounds / run.starts), async ({ name, server }, i) => {
      run.progress(`${name}, round ${i + 1}`);
      counted.get(name)!.push(await round(load, server, run.warmUp, run.duration));
    });
    for (const { name, server } of started) await close?.(server, name);
  }
  return [...counted].map(([name, rounds]) => contestantOf(name, rounds));
}
