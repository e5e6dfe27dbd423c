/**
 * Sends what you type, line by line, whether the server is there or not, and prints what comes: `come-back
 * tcp://127.0.0.1:2347`. At the end of what is typed it waits until all was sent.
 */
import { createInterface } from "node:readline";
import { keepConnected } from "@sock/core";
import { text } from "@sock/protocol-text";

const client = keepConnected(process.argv[2] ?? "tcp://127.0.0.1:2347", {
  codec: text(),
  initialDelay: 200,
  maxDelay: 5_000,
  onConnect: () => console.log("connected"),
  onMessage: (_, line) => console.log(line),
  onClose: () => console.log("lost"),
  onReconnecting: (_, { attempt, delay }) => console.log(`attempt ${attempt} in ${Math.round(delay)} ms`),
});

const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (client.send(line) === "dropped") console.error(`too much waits: ${line} will not be sent`);
});
input.on("close", async () => {
  await client.drained();
  client.close();
});
