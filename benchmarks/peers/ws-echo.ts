/** Sends messages back with `ws` as it comes: text checked for UTF-8, no compression unless asked: `ws-echo.ts [deflate]`. */
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

const perMessageDeflate = process.argv[2] === "deflate";
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate }, () => {
  console.log(`listening on websocket://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  // The load leaves without saying goodbye.
  socket.on("error", () => socket.terminate());
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
