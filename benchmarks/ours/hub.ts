/** Sends what a peer says to all of them. */
import { listen, Prepared } from "@sock/core";
import { type WebSocketMessageOut, websocket } from "@sock/protocol-websocket";

const server = await listen("tcp://127.0.0.1:0", {
  codec: websocket(),
  onMessage(_, message) {
    const prepared = new Prepared<WebSocketMessageOut>(message);
    for (const connection of server.connections) connection.send(prepared);
  },
});
console.log(`listening on ${server.address.replace("tcp:", "websocket:")}`);
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
