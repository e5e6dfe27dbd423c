// The server that one would have with `ws`, in a process of its own: `ws.ts echo|broadcast [deflate]`.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type RawData, WebSocketServer } from "ws";
import { answer } from "../../support/child.ts";
import { memory } from "../../support/memory.ts";

const [work, deflate] = process.argv.slice(2);
const broadcasts = work === "broadcast";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: deflate === "deflate",
});
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    if (broadcasts) broadcast(data);
    else socket.send(data, { binary: isBinary });
  });
  // The load leaves without saying goodbye.
  socket.on("error", () => socket.terminate());
});
await once(server, "listening");
answer({ port: () => (server.address() as AddressInfo).port, memory });

function broadcast(data: RawData): void {
  for (const client of server.clients) client.send(data, { binary: true });
}
