/** Answers with the path that was asked for; a POST with its body. */
import { listen } from "@sock/core";
import { http } from "@sock/protocol-http";

const server = await listen("tcp://127.0.0.1:0", {
  codec: http(),
  onMessage: (connection, request) =>
    connection.send(request.method === "POST" ? request.body : request.target),
});
console.log(`listening on ${server.address.replace("tcp:", "http:")}`);
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
