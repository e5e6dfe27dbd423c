// Our server in a process of its own: `ours.ts echo|broadcast [deflate]`.
import { listen, Prepared } from "@sock/core";
import { type WebSocketMessage, type WebSocketMessageOut, websocket } from "@sock/protocol-websocket";
import { answer } from "../../support/child.ts";
import { memory } from "../../support/memory.ts";

const [work, deflate] = process.argv.slice(2);
const broadcasts = work === "broadcast";

const server = await listen("tcp://127.0.0.1:0", {
  codec: websocket({ deflate: deflate === "deflate" }),
  onMessage(connection, message) {
    if (broadcasts) broadcast(message);
    else connection.send(message);
  },
});
answer({ port: () => Number(new URL(server.address).port), memory });

function broadcast(message: WebSocketMessage): void {
  const prepared = new Prepared<WebSocketMessageOut>(message);
  for (const connection of server.connections) connection.send(prepared);
}
