/** A program with its files and its number of workers as the environment says. */

import { readFileSync } from "node:fs";
import { runAll, Worker } from "../../src/index.ts";
import { web } from "./web-worker.ts";

const { VERSION_FILE, LOG_FILE, PID_FILE, STOP_TIMEOUT } = process.env;
const version = VERSION_FILE === undefined ? "1" : readFileSync(VERSION_FILE, "utf8");
if (LOG_FILE !== undefined) Worker.logFile = LOG_FILE;
if (PID_FILE !== undefined) Worker.pidFile = PID_FILE;

if (STOP_TIMEOUT !== undefined) Worker.stopTimeout = Number(STOP_TIMEOUT);

const worker = web();
worker.onWorkerStart = () => {
  if (version === "throws") throw new Error("no such table");
};
worker.onMessage = (connection) => connection.send(`${version} ${worker.id} ${process.pid}`);
worker.onWorkerStop = () => console.log(`${process.pid} stops`);
runAll();
