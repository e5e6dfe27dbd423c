/** A program as users write them. Its Worker says when it stops, and its version. */
import { readFileSync } from "node:fs";
import { runAll, Worker } from "../../src/index.ts";
import { web } from "./web-worker.ts";

const { VERSION_FILE, STOP_TIMEOUT, DRAIN_TIMEOUT } = process.env;
const version = VERSION_FILE === undefined ? "1" : readFileSync(VERSION_FILE, "utf8");
if (STOP_TIMEOUT !== undefined) Worker.stopTimeout = Number(STOP_TIMEOUT);

const worker = web();
worker.onMessage = (connection) => connection.send(`${version} ${worker.id} ${process.pid}`);
worker.onWorkerStop = () => console.log(`${process.pid} stops`);
Worker.onMasterStart = () => console.log("the master has started");
Worker.onMasterReload = () => console.log("the master reloads");
Worker.onMasterStop = () => console.log("the master stops");
Worker.onWorkerExit = ({ name }, status) => console.log(`a ${name} went with ${status}`);
runAll(DRAIN_TIMEOUT === undefined ? {} : { drainTimeout: Number(DRAIN_TIMEOUT) });
