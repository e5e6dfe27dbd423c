/** The processes of a fleet. */
import { createApp } from "@sock/cluster";
import { type Fleet, served } from "./served.ts";

await createApp(served(JSON.parse(process.env.FLEET ?? "{}") as Fleet)).start();
