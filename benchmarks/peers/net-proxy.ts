/** Forwards what comes to the port that it is told, and back, with `net`: `net-proxy.ts <port>`. */
import { type AddressInfo, connect, createServer } from "node:net";

const port = Number(process.argv[2]);
const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
  client.pipe(upstream);
  upstream.pipe(client);
  // The load leaves without saying goodbye.
  client.on("error", () => upstream.destroy());
  upstream.on("error", () => client.destroy());
});

server.listen(0, "127.0.0.1", () => {
  console.log(`listening on tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
