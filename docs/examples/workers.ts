/**
 * Several Workers in one file, under one master: `workers start`; `TEXT` and `WEB` in the environment are other addresses.
 * Each has processes of its own, and all are started, reloaded and stopped together. The last has no address: it is for what
 * nobody asks for.
 */
import { runAll, Worker } from "@sock/cluster";
import { http } from "@sock/protocol-http";
import { text } from "@sock/protocol-text";
import { timer } from "@sock/timer";

const { TEXT = "tcp://127.0.0.1:2347", WEB = "tcp://127.0.0.1:2348" } = process.env;

const greeter = new Worker(TEXT, { codec: text(), name: "greeter", count: 2 });
greeter.onMessage = (connection, line) => connection.send(`hello ${line}, says greeter ${greeter.id}`);

const web = new Worker(WEB, { codec: http(), name: "web", count: 2 });
web.onMessage = (connection, request) => connection.send(`hello ${request.path}, says web ${web.id}\n`);

const housekeeper = new Worker(undefined, { name: "housekeeper" });
housekeeper.onWorkerStart = () => {
  console.log("housekeeper: nothing to do yet");
  timer.add(60, () => console.log("housekeeper: all is tidy"));
};

runAll();
