/**
 * Sends messages back with one handler for all connections, as a server is written that keeps nothing for each:
 * `echo.ts raw|websocket|http [deflate]`.
 */
import { listen, raw } from "@sock/core";
import { http } from "@sock/protocol-http";
import { websocket } from "@sock/protocol-websocket";

const address = "tcp://127.0.0.1:0";
const [scheme = "", deflate] = process.argv.slice(2);
const schemes: Record<string, () => Promise<{ address: string }>> = {
  raw: () => listen(address, { codec: raw(), onMessage: (connection, bytes) => connection.send(bytes) }),
  websocket: () =>
    listen(address, {
      codec: websocket({ deflate: deflate === "deflate" }),
      onMessage: (connection, message) => connection.send(message),
    }),
  http: () =>
    listen(address, {
      codec: http(),
      onMessage: (connection, request) => connection.send(request.target),
    }),
};

const serve = schemes[scheme];
if (serve === undefined) {
  console.error(`schemes: ${Object.keys(schemes).join(" ")}`);
  process.exit(2);
}
console.log(`listening on ${(await serve()).address}`);
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
