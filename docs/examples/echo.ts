/**
 * Sends each message back unchanged: `example echo <scheme>://<host>:<port>`, or `<scheme>+unix:/path`.
 *
 * `websocket://<host>:<port>?deflate` accepts permessage-deflate. Messages may take 64 MiB. Prints
 * `listening on <address>` when it is ready. SIGTERM or SIGINT: stops accepting, writes what it owes, exits 0.
 */
import type { CodecFactory } from "@sock/codec";
import { eventLoop, listen, raw } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { text } from "@sock/protocol-text";
import { websocket } from "@sock/protocol-websocket";

const MAX = 64 * 2 ** 20;

// What a codec gives is what it takes, so what is echoed needs no type.
const codecs: Record<string, (query: URLSearchParams) => CodecFactory<never, never, never>> = {
  raw: () => raw() as CodecFactory<never, never, never>,
  text: () => text() as CodecFactory<never, never, never>,
  frame: () => frame() as CodecFactory<never, never, never>,
  websocket: (query) =>
    websocket({ maxMessageSize: MAX, deflate: query.has("deflate") }) as CodecFactory<never, never, never>,
};

const argument = process.argv[2] ?? "";
const [, scheme = "", unix = "", place = "", query = ""] =
  /^([a-z]+)(\+unix)?:([^?]+)(?:\?(.*))?$/.exec(argument) ?? [];
const codec = codecs[scheme];
if (codec === undefined) {
  const schemes = Object.keys(codecs).join(" ");
  console.error(`usage: echo <scheme>://<host>:<port> or <scheme>+unix:/path; schemes: ${schemes}`);
  process.exit(2);
}

const server = await listen(unix ? `unix:${place}` : `tcp:${place}`, {
  codec: codec(new URLSearchParams(query)),
  maxPackageSize: MAX,
  // To itself: at the pace that the peer reads, so nothing is ever dropped.
  onConnect: (connection) => void connection.pipe(connection),
});
for (const signal of ["SIGTERM", "SIGINT"] as const) eventLoop.onSignal(signal, () => void server.close());

console.log(`listening on ${server.address.replace(/^tcp|^unix/, scheme + unix)}`);
