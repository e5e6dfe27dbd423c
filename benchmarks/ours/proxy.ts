/** Forwards what comes to the port that it is told, and back: `proxy.ts <port>`. */
import { connect, listen } from "@sock/core";

const target = `tcp://127.0.0.1:${process.argv[2]}`;
const server = await listen("tcp://127.0.0.1:0", {
  async onConnect(client) {
    const upstream = await connect(target);
    client.pipe(upstream);
    upstream.pipe(client);
  },
});
console.log(`listening on ${server.address}`);
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
