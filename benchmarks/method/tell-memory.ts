/** Loaded ahead of a server (`--import`): it then tells its parent what it takes. The server knows nothing of it. */
import { memory } from "./memory.ts";

process.on("message", async (question) => {
  if (question === "memory") process.send?.(await memory());
});
// A channel would keep a server alive that has ended in good order.
process.channel?.unref();
