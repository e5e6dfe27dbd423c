/**
 * A proxy for whoever may reach it: `example forward-proxy [http://<host>:<port>]`, then
 * `curl --proxytunnel --proxy http://127.0.0.1:3128 https://example.com`.
 *
 * It listens on loopback unless told otherwise: who can reach it, reaches all that this machine can.
 */
import { connect, eventLoop, listen, raw } from "@sock/core";
import { http } from "@sock/protocol-http";

const address = process.argv[2] ?? "http://127.0.0.1:3128";
const server = await listen(address.replace("http:", "tcp:"), {
  codec: http(),
  async onMessage(connection, { method, target, signal }) {
    if (method !== "CONNECT") return void connection.send({ status: 405, headers: { Allow: "CONNECT" } });
    const far = await connect(`tcp://${target}`, { signal }).catch((error: Error) => {
      connection.send({ status: 502, body: `${error.message}\n` });
    });
    if (far === undefined) return;
    connection.send({ status: 200 });
    const near = connection.upgrade(raw());
    near.pipe(far);
    far.pipe(near);
  },
});
for (const signal of ["SIGTERM", "SIGINT"] as const) eventLoop.onSignal(signal, () => void server.close());

console.log(`listening on ${server.address.replace("tcp:", "http:")}`);
