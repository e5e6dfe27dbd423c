import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { parseAddress } from "../../src/index.ts";

/** A bare socket to `address`. What a peer makes of it is its own affair. */
export async function dial(address: string): Promise<Socket> {
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
