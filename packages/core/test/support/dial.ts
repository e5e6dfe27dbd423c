import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { parseAddress } from "../../src/index.ts";
import { pem } from "./certificates.ts";

/** A bare socket to `address`, with TLS where that says so. What a peer makes of it is its own affair. */
export async function dial(address: string): Promise<Socket> {
  const carrier = await dialCarrier(address);
  if (!address.startsWith("tls:")) return carrier;
  const socket = connectTls({ socket: carrier, host: "localhost", ca: pem("ca") });
  carriers.set(socket, carrier);
  socket.pause();
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

const carriers = new WeakMap<Socket, Socket>();

/** What a socket of `dial` goes over: another one below TLS, or itself. */
export function carrierOf(socket: Socket): Socket {
  return carriers.get(socket) ?? socket;
}

/** The same without TLS, whatever the address says. */
export async function dialCarrier(address: string): Promise<Socket> {
  const where = parseAddress(address);
  const target = where.transport === "unix" ? { path: where.path } : { host: where.host, port: where.port };
  const socket = connect({ ...target, allowHalfOpen: true });
  // Also of its own accord it reads nothing.
  socket.pause();
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** All that comes until the other side ends. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
