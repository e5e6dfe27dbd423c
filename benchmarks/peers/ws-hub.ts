/** Sends what a peer says to all of them, with `ws`. */
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** Bytes that may wait for a peer, as for ours: more is not sent. */
const MAX_WAITING = 2 ** 20;

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => {
  console.log(`listening on websocket://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    for (const client of server.clients) {
      if (client.bufferedAmount < MAX_WAITING) client.send(data, { binary: true });
    }
  });
  // The load leaves without saying goodbye.
  socket.on("error", () => socket.terminate());
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
