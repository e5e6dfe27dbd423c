/** Answers a POST with the SHA-256 of its body, which is hashed as it comes. */
import { createHash } from "node:crypto";
import { listen } from "@sock/core";
import { http } from "@sock/protocol-http";

const server = await listen("tcp://127.0.0.1:0", {
  codec: http({ body: "stream", maxBodySize: 64 * 2 ** 20 }),
  async onMessage(connection, request) {
    const hash = createHash("sha256");
    for await (const piece of request.body) hash.update(piece);
    connection.send(hash.digest("hex"));
  },
});
console.log(`listening on ${server.address.replace("tcp:", "http:")}`);
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
