/** Tells its connections of a reload. */
import { createApp, Worker } from "../../src/index.ts";
import { lines } from "../support/lines.ts";

const worker = new Worker("tcp://127.0.0.1:0", { codec: lines(), name: "stays", reloadable: false });
worker.onMessage = (connection) => connection.send(String(process.pid));
worker.onWorkerReload = () => {
  for (const connection of worker.connections) connection.send("a reload");
};
void createApp([worker]).start();
