/** Answers each frame with it, when it has hashed 16 KiB: `cluster.ts <processes>`. */
import { createHash } from "node:crypto";
import { createApp, Worker } from "@sock/cluster";
import { frame } from "@sock/protocol-frame";

const work = Buffer.alloc(16 * 1024, "something to do; ");
const count = Number(process.argv[2]);
const worker = new Worker("tcp://127.0.0.1:0", { codec: frame(), count });
worker.onMessage = (connection, bytes) => {
  createHash("sha256").update(work).digest();
  connection.send(bytes);
};

const app = createApp([worker], {
  // Not what this one was asked to load beside it.
  execArgv: ["--conditions=@sock/source"],
  logger: { info() {}, warn: console.warn, error: console.error },
});
await app.start();
// Of the master alone.
const [address] = app.addresses;
if (address !== undefined) {
  console.log(`listening on ${address}`);
  process.on("SIGTERM", async () => {
    await app.kill();
    process.exit();
  });
}
