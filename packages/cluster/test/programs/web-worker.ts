import { type Accept, Worker } from "../../src/index.ts";
import { certificate } from "../support/certificate.ts";
import { lines } from "../support/lines.ts";

/** As the environment says; the test's own process makes the same. */
export function web(env: NodeJS.ProcessEnv = process.env): Worker<string, string> {
  const {
    ADDRESS = "tcp://127.0.0.1:0",
    COUNT = "1",
    ACCEPT = "auto",
    RELOADABLE = "yes",
    MAX_MEMORY,
    MAX_REQUESTS,
    MAX_LAG,
  } = env;
  return new Worker(ADDRESS, {
    codec: lines(),
    name: "web",
    count: Number(COUNT),
    accept: ACCEPT as Accept,
    reloadable: RELOADABLE === "yes",
    ...(ADDRESS.startsWith("tls:")
      ? { tls: { certFile: certificate("localhost.pem"), keyFile: certificate("localhost.key") } }
      : {}),
    ...(MAX_MEMORY === undefined ? {} : { maxMemory: Number(MAX_MEMORY) }),
    ...(MAX_REQUESTS === undefined ? {} : { maxRequests: Number(MAX_REQUESTS) }),
    ...(MAX_LAG === undefined ? {} : { maxEventLoopLag: Number(MAX_LAG) }),
  });
}
