/**
 * Sends each message back unchanged: `example echo <scheme>://<host>:<port>`, or `<scheme>+unix:/path`.
 *
 * Prints `listening on <address>` when it is ready. SIGTERM or SIGINT: stops accepting, writes what it owes, exits 0.
 */
import { eventLoop, listen, raw } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { text } from "@sock/protocol-text";

const codecs = { raw, text, frame };

const [, scheme = "", place = ""] = /^([a-z]+)(?::|\+unix:)(.+)$/.exec(process.argv[2] ?? "") ?? [];
const codec = codecs[scheme as keyof typeof codecs];
if (codec === undefined) {
  console.error(`usage: echo <scheme>://<host>:<port> or <scheme>+unix:/path; schemes: ${Object.keys(codecs).join(" ")}`);
  process.exit(2);
}

const isUnix = process.argv[2]?.startsWith(`${scheme}+unix:`);
const server = await listen(isUnix ? `unix:${place}` : `tcp:${place}`, {
  codec: (codec as typeof raw)(),
  // To itself: at the pace that the peer reads, so nothing is ever dropped.
  onConnect: (connection) => connection.pipe(connection),
});
console.log(`listening on ${server.address.replace(/^tcp:|^unix:/, isUnix ? `${scheme}+unix:` : `${scheme}:`)}`);

for (const signal of ["SIGTERM", "SIGINT"] as const) eventLoop.onSignal(signal, () => void server.close());
