import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseAddress, type StreamAddress } from "../../src/address.ts";
import { eventLoop } from "../../src/event-loop.ts";
import { connectNet } from "../../src/transport/net-connector.ts";
import { listenOnNet } from "../../src/transport/net-listener.ts";
import { NetTransport } from "../../src/transport/net-transport.ts";
import type { Transport } from "../../src/transport/transport.ts";

/** A path in a folder of its own, which is removed when the test is over. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "sock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "socket");
}

/** Where to listen for a test. */
export function anyAddress(transport: "tcp" | "unix"): string {
  return transport === "tcp" ? "tcp://127.0.0.1:0" : `unix:${freshPath()}`;
}

/** Two transports joined by a real socket, neither of them started. */
export async function netTransports(transport: "tcp" | "unix"): Promise<[Transport, Transport]> {
  const address = parseAddress(anyAddress(transport)) as StreamAddress;
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  const listener = await listenOnNet(address, {
    backlog: 1,
    door: { looksAtAddresses: false, admits: () => true, admitsAs: () => true, turnedAway() {}, left() {} },
    proxyProtocol: undefined,
    loop: eventLoop,
    accepted: resolve,
    failed: reject,
  });
  const client = await connectNet(listener.address as StreamAddress, new AbortController().signal);
  const server = await promise;
  listener.close();
  return [client, server];
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
