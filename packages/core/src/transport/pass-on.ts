import type { StreamAddress } from "../address.ts";
import { formatListenAddress } from "../listen-address.ts";
import { isLastDescriptor } from "./descriptors.ts";
import { openServer } from "./net-server.ts";

export interface PassingOptions {
  /** Connections that may wait in the kernel to be accepted. */
  backlog: number;
  /**
   * A connection came, and nothing of it was read. `child.send(message, connection)` passes it on; `forget` it where that
   * is not possible.
   */
  came(connection: object, forget: () => void): void;
  failed(error: Error): void;
}

/** Accepts at an address, and passes on. */
export interface Passing {
  /** Where it really listens. */
  readonly address: string;
  close(): void;
}

/**
 * Accepts connections for other processes, without reading a byte of them.
 * @throws AddressError
 */
export async function passConnections(
  where: StreamAddress,
  { backlog, came, failed }: PassingOptions,
): Promise<Passing> {
  const { server, address } = await openServer(where, backlog, where.transport === "tls" ? "tls" : "tcp");
  server.on("error", failed);
  server.on("connection", (socket) => {
    // Of a peer that has gone before it was passed on: nobody's.
    socket.on("error", () => {});
    if (isLastDescriptor(socket)) socket.destroy();
    else came(socket, () => socket.destroy());
  });
  return { address: formatListenAddress(address), close: () => void server.close() };
}
