import type { Peers } from "../../load/audience.ts";
import { beside } from "../../load/beside.ts";
import { median } from "../../method/statistics.ts";
import type { Limit, Result } from "../../result.ts";
import { program } from "../../servers.ts";
import type { Row, Run } from "../../suite.ts";

/** One peer of a hub says something, and all hear it. */
export interface Talk {
  name: string;
  peers: Peers;
  /** How many messages come together. */
  inFlight: number;
  limits?: Record<string, Limit>;
  isQuick?: boolean;
  /** Whether to tell by how much the servers grew. */
  showsGrowth?: boolean;
}

const hubs = [
  { name: "sock", ...program("ours/hub.ts") },
  { name: "ws", ...program("peers/ws-hub.ts") },
];

/** Times the length of other rounds: it takes long to write to a thousand connections. */
const LENGTH = 2;

export function hubRow(suite: string, talk: Talk): Row {
  return {
    name: talk.name,
    isQuick: talk.isQuick ?? false,
    hasLimit: talk.limits !== undefined,
    measure: async (run) => [await measure(suite, talk, run)],
  };
}

async function measure(suite: string, talk: Talk, run: Run): Promise<Result> {
  const listeners = Math.max(10, Math.round(talk.peers.listeners * run.scale));
  const deaf = Math.ceil(talk.peers.deaf * run.scale);
  const before = new Map<string, number>();
  const growths = new Map<string, number[]>();
  const contestants = await beside(
    talk.name,
    {
      file: "audience.ts",
      servers: async () => hubs,
      async open(load, server, name) {
        await load.ask("open", server.pid, server.port, { ...talk.peers, listeners, deaf });
        before.set(name, (await server.memory()).resident);
      },
      round: (load, server, warmUp, duration) =>
        load.ask("round", server.pid, talk.inFlight, warmUp, duration * LENGTH),
      async close(server, name) {
        if (!talk.showsGrowth) return;
        const growth = (await server.memory()).resident - before.get(name)!;
        growths.set(name, [...(growths.get(name) ?? []), growth / 2 ** 20]);
      },
    },
    run,
  );
  return {
    suite,
    row: talk.name,
    metric: "",
    unit: "/s",
    better: "more",
    contestants,
    limits: talk.limits ?? {},
    notes: [
      ...[...growths].map(([name, values]) => `${name} grew by ${median(values).toFixed(0)} MiB`),
      ...(listeners === talk.peers.listeners ? [] : [`only ${listeners} who listen, for a look`]),
    ],
  };
}
