import type { Suite } from "../suite.ts";
import { hubRow } from "./support/hub.ts";

/**
 * What is said in one turn of the event loop leaves in one write for each connection, so messages that come together are
 * cheaper than lone ones. With those, both servers spend three quarters of their time in the kernel's write, where there is
 * nothing to gain: they have no limit.
 */
export const broadcast: Suite = {
  name: "broadcast",
  about: "deliveries a second of what one says to all, beside a loop over the clients of ws",
  rows: [
    hubRow("broadcast", {
      name: "128 B to 1,000, 4 together",
      peers: { listeners: 1000, deaf: 0, size: 128 },
      inFlight: 4,
      limits: { ws: { atLeast: 1.5, issue: 3 } },
      isQuick: true,
    }),
    hubRow("broadcast", {
      name: "128 B to 1,000, one alone",
      peers: { listeners: 1000, deaf: 0, size: 128 },
      inFlight: 1,
    }),
  ],
};
