/**
 * Forwards a port: `forward [listen] [target]`, as the manual's proxy in front of MySQL, and its proxy to port 80.
 *
 *   forward tcp://0.0.0.0:4406 tcp://127.0.0.1:3306    what it does unless told
 *   forward tcp://0.0.0.0:8080 tcp://example.com:80
 *
 * Bytes go both ways at the pace of whoever is slower. The end of one side is passed on to the other, which may go on; so is
 * a reset. SIGTERM or SIGINT: stops accepting, gives what is under way ten seconds, exits 0.
 */
import { connect, eventLoop, listen } from "@sock/core";

const [, , address = "tcp://0.0.0.0:4406", target = "tcp://127.0.0.1:3306"] = process.argv;

const server = await listen(address, {
  async onConnect(client) {
    // What the client says meanwhile waits.
    const upstream = await connect(target);
    client.pipe(upstream);
    upstream.pipe(client);
  },
  onError(client, error) {
    console.error(`${client.getRemoteAddress()}: ${String(error)}`);
  },
});
for (const signal of ["SIGTERM", "SIGINT"] as const)
  eventLoop.onSignal(signal, () => void server.close({ drain: 10_000 }));

console.log(`listening on ${server.address}`);
