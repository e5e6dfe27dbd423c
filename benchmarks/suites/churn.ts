import { beside } from "../load/beside.ts";
import { program } from "../servers.ts";
import type { Suite } from "../suite.ts";

const PEERS = 32;
const row = "connect, 64 B there and back, close";
const servers = [
  { name: "sock", ...program("ours/echo.ts", "raw") },
  { name: "net", ...program("peers/net-echo.ts") },
];

export const churn: Suite = {
  name: "churn",
  about: "connections a second that come, say one thing and go",
  rows: [
    {
      name: row,
      isQuick: true,
      hasLimit: true,
      measure: async (run) => [
        {
          suite: "churn",
          row,
          metric: "",
          unit: "/s",
          better: "more",
          contestants: await beside(
            row,
            {
              file: "churn.ts",
              servers: async () => servers,
              round: (load, { port, pid }, warmUp, duration) =>
                load.ask("round", { port, pid }, PEERS, warmUp, duration),
            },
            run,
          ),
          limits: { net: { atLeast: 0.9, issue: 5 } },
        },
      ],
    },
  ],
};
