// A server in a process of its own: `servers.ts ours|node:http`. Answers with the path that was asked for; a POST with the
// SHA-256 of its body, which is hashed as it comes.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { listen } from "@sock/core";
import { http } from "@sock/protocol-http";
import { answer } from "../../support/child.ts";
import { memory } from "../../support/memory.ts";

const port = process.argv[2] === "ours" ? await ours() : await theirs();
answer({ port: () => port, memory });

async function ours(): Promise<number> {
  const server = await listen("tcp://127.0.0.1:0", {
    codec: http({ body: "stream" }),
    async onMessage(connection, request) {
      if (request.method === "GET") return connection.send(request.target);
      return connection.send(await hashOf(request.body));
    },
  });
  return Number(new URL(server.address).port);
}

async function theirs(): Promise<number> {
  const server = createServer(async (request, response) => {
    response.end(request.method === "GET" ? request.url : await hashOf(request));
  });
  // Lest it ends those that are to be measured.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function hashOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of body) hash.update(piece);
  return hash.digest("hex");
}
