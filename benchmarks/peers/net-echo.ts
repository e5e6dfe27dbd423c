/** Sends bytes back with bare `net`: the least that a server in Node can do. */
import { type AddressInfo, createServer } from "node:net";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  // The load leaves without saying goodbye.
  socket.on("error", () => socket.destroy());
});

server.listen(0, "127.0.0.1", () => {
  console.log(`listening on tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
