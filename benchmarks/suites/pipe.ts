import { beside } from "../load/beside.ts";
import { program } from "../servers.ts";
import type { Suite } from "../suite.ts";

const CONNECTIONS = 4;
const row = "64 KiB at a time through a proxy, 4 connections";

export const pipe: Suite = {
  name: "pipe",
  about: "MiB a second through a proxy of two pipes",
  rows: [
    {
      name: row,
      measure: async (run) => [
        {
          suite: "pipe",
          row,
          metric: "",
          unit: "MiB/s",
          better: "more",
          contestants: await beside(
            row,
            {
              file: "stream.ts",
              async servers(load) {
                const sink = `${await load.ask<number>("port")}`;
                return [
                  { name: "sock", ...program("ours/proxy.ts", sink) },
                  { name: "net", ...program("peers/net-proxy.ts", sink) },
                ];
              },
              open: (load, { port, pid }) => load.ask("open", { port, pid }, CONNECTIONS),
              round: (load, { pid }, warmUp, duration) => load.ask("round", { pid }, warmUp, duration),
            },
            run,
          ),
        },
      ],
    },
  ],
};
