/** Answers a POST with the SHA-256 of its body, which is hashed as it comes. By `node:http`. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer(async (request, response) => {
  const hash = createHash("sha256");
  for await (const piece of request) hash.update(piece);
  response.end(hash.digest("hex"));
});
// Lest it ends those that are to be measured while another is.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
