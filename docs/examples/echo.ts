/**
 * Sends each message back unchanged: `example echo <scheme>://<host>:<port>`, `<scheme>+tls://<host>:<port>`,
 * `<scheme>+unix:/path`, or `<scheme>+udp://<host>:<port>`, where a message is a datagram.
 *
 * With TLS it shows the certificate in `certificates/`, which is for tests.
 * `websocket://<host>:<port>?deflate` accepts permessage-deflate. Messages may take 64 MiB. Prints
 * `listening on <address>` when it is ready. SIGTERM or SIGINT: stops accepting, writes what it owes, exits 0.
 *
 * `http://<host>:<port>` answers every request with the body that it came with, `OK` where it has none; `/echo` with its
 * fields, `/cookie` with its cookies, a line for each; `/stream` with its body as it comes. A request for a WebSocket gets
 * one that echoes.
 */
import { join } from "node:path";
import type { CodecFactory } from "@sock/codec";
import { type Connection, type DatagramConnection, eventLoop, listen, raw } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { type HttpAnswer, type HttpRequest, http, type IncomingBody } from "@sock/protocol-http";
import { text } from "@sock/protocol-text";
import { acceptWebSocket, websocket } from "@sock/protocol-websocket";

const MAX = 64 * 2 ** 20;

// What a codec gives is what it takes, so what is echoed needs no type.
const codecs: Record<string, (query: URLSearchParams) => CodecFactory<never, never, never>> = {
  raw: () => raw() as CodecFactory<never, never, never>,
  text: () => text() as CodecFactory<never, never, never>,
  frame: () => frame() as CodecFactory<never, never, never>,
  websocket: (query) =>
    websocket({ maxMessageSize: MAX, deflate: query.has("deflate") }) as CodecFactory<never, never, never>,
};

type HttpConnection = Connection<HttpRequest<IncomingBody>, HttpAnswer>;

function answer(connection: HttpConnection, request: HttpRequest<IncomingBody>): unknown {
  const { path, headers, body } = request;
  if (request.upgrade === "websocket") return upgrade(connection, request);
  if (path === "/echo")
    return connection.send(lines([...headers].map(([name, value]) => `${name}: ${value}`)));
  if (path === "/cookie")
    return connection.send(lines(headers.all("cookie").flatMap((line) => line.split(/; */))));
  if (path === "/stream") return connection.send({ body });
  if (body.hasEnded) return connection.send("OK");
  return body.bytes(MAX).then((bytes) => connection.send(bytes.length > 0 ? bytes : "OK"));
}

const lines = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

function upgrade(connection: HttpConnection, request: HttpRequest<IncomingBody>): unknown {
  const { codec, response } = acceptWebSocket(request, { maxMessageSize: MAX });
  if (codec === undefined) return connection.send(response);
  const socket = connection.upgrade(codec);
  return void socket.pipe(socket);
}

const argument = process.argv[2] ?? "";
const [, scheme = "", over = "", place = "", query = ""] =
  /^([a-z]+)(\+unix|\+tls|\+udp)?:([^?]+)(?:\?(.*))?$/.exec(argument) ?? [];
const address = `${over.slice(1) || "tcp"}:${place}`;
const certificates = join(import.meta.dirname, "certificates");
const certificate = {
  certFile: join(certificates, "localhost.pem"),
  keyFile: join(certificates, "localhost.key"),
};
const secure = over === "+tls" && { tls: certificate };

async function serve() {
  if (scheme === "http" && over !== "+udp") {
    const codec = http({ body: "stream", maxBodySize: MAX });
    return listen(address, { codec, onMessage: answer, ...secure });
  }
  const codec = codecs[scheme];
  if (codec === undefined) {
    const schemes = [...Object.keys(codecs), "http"].join(" ");
    const ways = "<scheme>[+tls|+udp]://<host>:<port> or <scheme>+unix:/path";
    console.error(`usage: echo ${ways}; schemes: ${schemes}`);
    process.exit(2);
  }
  const options = { codec: codec(new URLSearchParams(query)), maxPackageSize: MAX };
  if (over === "+udp") {
    const onMessage = (connection: DatagramConnection<never>, message: never) =>
      void connection.send(message);
    return listen(`udp:${place}` as `udp://${string}`, { ...options, onMessage });
  }
  return listen(address, {
    ...options,
    ...secure,
    // To itself: at the pace that the peer reads, so nothing is ever dropped.
    onConnect: (connection) => void connection.pipe(connection),
  });
}

const server = await serve();
// An answer may be under way: HTTP owes it. The others have nothing to wait for.
const how = scheme === "http" ? { drain: 10_000 } : {};
for (const signal of ["SIGTERM", "SIGINT"] as const) eventLoop.onSignal(signal, () => void server.close(how));

console.log(`listening on ${server.address.replace(/^[a-z]+/, scheme + over)}`);
