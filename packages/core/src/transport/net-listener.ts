import type { ListenAddress } from "../listen-address.ts";
import { type AcceptOptions, Acceptor } from "./accept.ts";
import { openServer } from "./net-server.ts";

/** Accepts connections at one address. */
export interface Listener {
  /** Where it really listens. */
  readonly address: ListenAddress;
  /** Peers that are not in yet: their PROXY header is not whole. */
  readonly pending: number;
  /** Accepts no more. Those who have been accepted come in. */
  stop(): void;
  /** Accepts no more. Connections live on; those that are not through their TLS handshake are cut. */
  close(): void;
}

export interface ListenOptions extends AcceptOptions {
  /** Connections that may wait in the kernel to be accepted. */
  backlog: number;
  failed(error: Error): void;
}

/**
 * Listens on TCP, at a unix path, or with a socket that was given, and takes connections to their transports.
 * @throws AddressError
 */
export async function listenOnNet(where: ListenAddress, options: ListenOptions): Promise<Listener> {
  const { server, address } = await openServer(
    where,
    options.backlog,
    options.tls === undefined ? "tcp" : "tls",
  );
  const acceptor = new Acceptor(address, options);
  server.on("error", options.failed);
  server.on("connection", (socket) => acceptor.accept(socket));
  return {
    address,
    get pending() {
      return acceptor.pending;
    },
    stop: () => void server.close(),
    close() {
      server.close();
      acceptor.close();
    },
  };
}
