import { beside } from "../load/beside.ts";
import { program } from "../servers.ts";
import type { Suite } from "../suite.ts";

const row = "10 MiB bodies, hashed as they come, 8 connections";
const servers = [
  { name: "sock", ...program("ours/upload.ts") },
  { name: "node:http", ...program("peers/node-http-upload.ts") },
];

export const upload: Suite = {
  name: "upload",
  about: "MiB a second of HTTP uploads, and by how much the server grows",
  rows: [
    {
      name: row,
      hasLimit: true,
      async measure(run) {
        const before = new Map<string, number>();
        const growths = new Map<string, number>();
        const contestants = await beside(
          row,
          {
            file: "uploads.ts",
            servers: async () => servers,
            async open(load, server, name) {
              // What the first uploads leave behind is not what later ones add.
              await load.ask("round", { port: server.port, pid: server.pid }, 0, run.compile);
              before.set(name, (await server.memory()).resident);
            },
            round: (load, { port, pid }, warmUp, duration) =>
              load.ask("round", { port, pid }, warmUp, duration),
            async close(server, name) {
              const growth = (await server.memory()).resident - before.get(name)!;
              growths.set(name, Math.max(growth, growths.get(name) ?? 0));
            },
          },
          run,
        );
        return [
          {
            suite: "upload",
            row,
            metric: "",
            unit: "MiB/s",
            better: "more",
            contestants,
            limits: { "node:http": { atLeast: 1, issue: 4 } },
            notes: [...growths].map(([name, bytes]) => `${name} grew by ${(bytes / 2 ** 20).toFixed(0)} MiB`),
          },
        ];
      },
    },
  ],
};
