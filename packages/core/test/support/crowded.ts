/** A server for a process with few file descriptors. Answers each line on stdin with its stats. */
import { createInterface } from "node:readline";
import { listen } from "../../src/index.ts";

const server = await listen("tcp://127.0.0.1:0", {
  onMessage: (connection, chunk) => void connection.send(chunk),
});
console.log(server.address);
createInterface(process.stdin).on("line", () => console.log(JSON.stringify(server.stats())));
