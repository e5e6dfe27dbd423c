import { eventLoop } from "../src/index.ts";
import { memoryTransports } from "../src/memory.ts";
import { netTransports, streamTransports, tlsStreamTransports } from "./support/net-pair.ts";
import { transportLaws } from "./support/transport-laws.ts";

transportLaws("memory", async () => memoryTransports(eventLoop));
transportLaws("tcp", () => netTransports("tcp"));
transportLaws("tcp, read through streams", streamTransports, "tcp");
transportLaws("tls", () => netTransports("tls"));
transportLaws("tls, read through streams", tlsStreamTransports, "tls");
transportLaws("unix", () => netTransports("unix"));
