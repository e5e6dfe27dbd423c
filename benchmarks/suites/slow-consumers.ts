import type { Suite } from "../suite.ts";
import { hubRow } from "./support/hub.ts";

/** Both servers drop what is for a peer that has 1 MiB waiting: ours by default, the other as its users have to write it. */
export const slowConsumers: Suite = {
  name: "slow-consumers",
  about: "deliveries a second to those who listen, while others never read, and what those cost",
  rows: [
    hubRow("slow-consumers", {
      name: "16 KiB to 100, while 100 others do not read",
      peers: { listeners: 100, deaf: 100, size: 16 * 1024 },
      inFlight: 1,
      showsGrowth: true,
    }),
  ],
};
