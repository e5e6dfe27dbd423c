/** Sends bytes back with bare `tls`: the least that a server in Node can do. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";

const certificates = join(import.meta.dirname, "../../docs/examples/certificates");
const read = (name: string) => readFileSync(join(certificates, name));

const options = { cert: read("localhost.pem"), key: read("localhost.key"), noDelay: true };
const server = createServer(options, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  // The load leaves without saying goodbye.
  socket.on("error", () => socket.destroy());
});

server.listen(0, "127.0.0.1", () => {
  console.log(`listening on tls://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
