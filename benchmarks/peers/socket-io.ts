/** Sends events back with Socket.IO as it comes: over WebSocket, without compression. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";

const http = createServer();
// Its pings are no answers.
const io = new Server(http, { transports: ["websocket"], pingInterval: 600_000 });
io.on("connection", (socket) => {
  socket.on("echo", (text: string) => socket.emit("echo", text));
});

http.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(http.address() as AddressInfo).port}`);
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
