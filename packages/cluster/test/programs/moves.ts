/** Listens at the port that its version file says. */
import { readFileSync } from "node:fs";
import { createApp } from "../../src/index.ts";
import { web } from "./web-worker.ts";

const ADDRESS = readFileSync(process.env.VERSION_FILE ?? "", "utf8");
void createApp([web({ ADDRESS })]).start();
