/** Answers each line with the version that it was loaded with, its id and its pid. What it does else, the environment says. */
import { readFileSync } from "node:fs";
import { createApp } from "../../src/index.ts";
import { web } from "./web-worker.ts";

const { VERSION_FILE } = process.env;
const version = VERSION_FILE === undefined ? "1" : readFileSync(VERSION_FILE, "utf8");
if (version === "exits") process.exit(3);

const kept: Buffer[] = [];
const worker = web();
worker.onWorkerStart = async () => {
  if (version === "throws") throw new Error("no such table");
  if (version === "hangs") await new Promise(() => {});
};
worker.onMessage = async (connection, line) => {
  if (line === "block") for (;;);
  if (line.startsWith("grow ")) kept.push(Buffer.alloc(Number(line.slice(5)), 1));
  if (line === "crash")
    setImmediate(() => {
      throw new Error("a bug");
    });
  else if (line === "exit") process.exit(7);
  else connection.send(`${version} ${worker.id} ${process.pid}`);
};
void createApp([worker]).start();
