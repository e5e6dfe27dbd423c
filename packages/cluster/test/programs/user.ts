/** Tells whom it runs as. */
import { createApp, Worker } from "../../src/index.ts";
import { lines } from "../support/lines.ts";

const worker = new Worker("tcp://127.0.0.1:0", { codec: lines(), name: "user", user: "nobody" });
worker.onMessage = (connection) => {
  const [uid, gid, groups] = [process.getuid?.(), process.getgid?.(), process.getgroups?.()];
  connection.send(JSON.stringify({ uid, gid, groups }));
};
void createApp([worker]).start();
