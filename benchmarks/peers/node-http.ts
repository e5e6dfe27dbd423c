/** Answers with the path that was asked for; a POST with its body. By `node:http`, with no more fields than need be. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  if (request.method === "POST") echo(request, response);
  else answer(response, request.url as string, "text/plain; charset=utf-8");
});
// Lest it ends those that are to be measured while another is.
server.keepAliveTimeout = 600_000;

function echo(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => answer(response, Buffer.concat(pieces), "application/octet-stream"));
}

function answer(response: ServerResponse, body: string | Buffer, type: string): void {
  // Its `Connection: keep-alive` and `Keep-Alive` would be more bytes than we send.
  response.removeHeader("connection");
  response.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
