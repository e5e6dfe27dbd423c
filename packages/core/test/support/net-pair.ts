import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { parseAddress, type StreamAddress } from "../../src/address.ts";
import { reachOf } from "../../src/client/reach.ts";
import { settle } from "../../src/connection/options.ts";
import { eventLoop } from "../../src/event-loop.ts";
import { raw, type TlsClientOptions, type TlsServerOptions } from "../../src/index.ts";
import { formatListenAddress } from "../../src/listen-address.ts";
import type { Door } from "../../src/transport/accept.ts";
import { listenOnNet } from "../../src/transport/net-listener.ts";
import { NetTransport } from "../../src/transport/net-transport.ts";
import { TlsHandshakes } from "../../src/transport/tls/handshakes.ts";
import { TlsTransport } from "../../src/transport/tls/tls-transport.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { certificate, pem } from "./certificates.ts";
import { settled } from "./settled.ts";

/** A path in a folder of its own, which is removed when the test is over. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "sock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "socket");
}

export type SocketWire = "tcp" | "tls" | "unix";

/** Where to listen for a test. */
export function anyAddress(transport: SocketWire): string {
  return transport === "unix" ? `unix:${freshPath()}` : `${transport}://127.0.0.1:0`;
}

/** What `listen` needs for an address over `transport`. */
export function listening(transport: SocketWire): { tls?: TlsServerOptions } {
  return transport === "tls" ? { tls: certificate("localhost") } : {};
}

/** What `connect` needs for it. */
export function connecting(transport: SocketWire): { tls?: TlsClientOptions } {
  return transport === "tls" ? { tls: { ca: pem("ca") } } : {};
}

const door: Door = {
  looksAtAddresses: false,
  welcomes: undefined,
  admits: () => true,
  admitsAs: () => true,
  turnedAway() {},
  left() {},
};

/** Two transports joined by a real socket, neither of them started. */
export async function netTransports(transport: SocketWire): Promise<[Transport, Transport]> {
  const address = parseAddress(anyAddress(transport)) as StreamAddress;
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  const { tls } = listening(transport);
  const listener = await listenOnNet(address, {
    backlog: 1,
    door,
    proxyProtocol: undefined,
    tls: tls && (await TlsHandshakes.make(tls, { loop: eventLoop, handshakeFailed: reject, failed: reject })),
    loop: eventLoop,
    accepted: resolve,
    failed: reject,
  });
  const { reach } = reachOf(
    formatListenAddress(listener.address),
    connecting(transport),
    settle({ codec: raw() }),
  );
  const client = await reach(new AbortController().signal);
  const server = await promise;
  listener.close();
  if (transport === "tls") await ticketsTaken();
  return [client, server];
}

/**
 * Until the server's session tickets are on their way. A reset that meets those is told to Node's TLS as it writes them, which
 * tells nobody; what it reads then is an end.
 */
async function ticketsTaken(): Promise<void> {
  for (let i = 0; i < 5; i++) await settled();
}

/** The same over TLS, read through streams as where a Node does not let sockets of TLS have shared reads. */
export async function tlsStreamTransports(): Promise<[Transport, Transport]> {
  const server = createTlsServer({ ...certificate("localhost"), allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const carriers = once(server, "connection") as Promise<[Socket]>;
  const clientCarrier = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client = connectTls({ socket: clientCarrier, host: "127.0.0.1", ca: pem("ca") });
  const [[accepted], [carrier]] = await Promise.all([
    once(server, "secureConnection") as Promise<[TLSSocket]>,
    carriers,
    once(client, "secureConnect"),
  ]);
  server.close();
  await ticketsTaken();
  return [new TlsTransport(client, clientCarrier), new TlsTransport(accepted, carrier)];
}

/** The same over sockets that read through their streams, as where a Node has no shared reads for accepted ones. */
export async function streamTransports(): Promise<[Transport, Transport]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [[accepted]] = (await Promise.all([once(server, "connection"), once(client, "connect")])) as [
    [Socket],
    [],
  ];
  server.close();
  return [new NetTransport(client, "tcp"), new NetTransport(accepted, "tcp")];
}
