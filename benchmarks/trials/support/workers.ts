/** The processes that `fairness.ts` measures. */
import { type Accept, createApp, Worker } from "@sock/cluster";
import { text } from "@sock/protocol-text";

const { ACCEPT = "auto", COUNT = "1" } = process.env;
const worker = new Worker("tcp://127.0.0.1:0", {
  codec: text(),
  accept: ACCEPT as Accept,
  count: Number(COUNT),
});
worker.onMessage = (connection, line) => connection.send(line);
await createApp([worker]).start();
