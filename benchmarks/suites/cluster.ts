import { NotAvailable, type Suite } from "../suite.ts";

/** The server to be measured with 1, 2, 4 … workers: a program as in `servers.ts` that takes the number as its argument. */
const SERVER = "ours/cluster.ts";

export const cluster: Suite = {
  name: "cluster",
  about: "messages a second by the number of workers",
  rows: [
    {
      name: "frame 64 B × 16 by workers",
      async measure() {
        throw new NotAvailable(`@sock/cluster is not in this workspace yet, and so there is no ${SERVER}`);
      },
    },
  ],
};
