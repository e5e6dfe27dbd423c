/** Two servers and a task. The second listens once more, within its process, when it is asked to. */
import { createApp, Worker } from "../../src/index.ts";
import { lines } from "../support/lines.ts";

const first = new Worker("tcp://127.0.0.1:0", { codec: lines(), name: "first", count: 2 });
first.onMessage = (connection) => connection.send(`first ${first.id}`);

const second = new Worker("tcp://127.0.0.1:0", { codec: lines(), name: "second" });
const inner = new Worker("tcp://127.0.0.1:0", { codec: lines(), name: "inner" });
inner.onMessage = (connection) => connection.send(`inner of second ${second.id}`);
second.onMessage = async (connection, line) => {
  connection.send(line === "inner" ? (await inner.listen()).address : `second ${second.id}`);
};
second.onWorkerStop = () => {
  for (const connection of second.connections)
    connection.send(`second ${second.id} stops with ${second.connections.size}`);
};

const task = new Worker(undefined, { name: "task" });
task.onWorkerStart = () => {
  setInterval(() => {}, 1_000);
};

void createApp([first, second, task]).start();
