import { createServer } from "node:net";
import { AddressError } from "../errors.ts";
import { formatListenAddress, type ListenAddress } from "../listen-address.ts";
import { type AcceptOptions, Acceptor } from "./accept.ts";
import { removeStalePath } from "./unix-path.ts";
import { unixPathOf } from "./unix-path-of.ts";

/** Accepts connections at one address. */
export interface Listener {
  /** Where it really listens. */
  readonly address: ListenAddress;
  /** Accepts no more. Connections live on; those that are not through their TLS handshake are cut. */
  close(): void;
}

export interface ListenOptions extends AcceptOptions {
  /** Connections that may wait in the kernel to be accepted. */
  backlog: number;
  failed(error: Error): void;
}

/**
 * Listens on TCP, at a unix path, or with a socket that was inherited.
 * @throws AddressError
 */
export async function listenOnNet(address: ListenAddress, options: ListenOptions): Promise<Listener> {
  try {
    return await attempt(address, options);
  } catch (error) {
    if (!(await wasStale(address, error)))
      throw new AddressError(formatListenAddress(address), error as NodeJS.ErrnoException);
  }
  return listenOnNet(address, options);
}

/** Whether what was in the way is away now. */
async function wasStale(address: ListenAddress, error: unknown): Promise<boolean> {
  if (!isInUse(error) || address.transport !== "unix") return false;
  try {
    return await removeStalePath(address.path);
  } catch (denied) {
    throw new AddressError(formatListenAddress(address), denied as NodeJS.ErrnoException);
  }
}

function attempt(address: ListenAddress, options: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    // The engine ends our side itself, when what waits has been written. TCP_NODELAY: the cork does what Nagle would.
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      pauseOnConnect: true,
    });
    server.once("error", reject);
    server.listen({ ...where(address), backlog: options.backlog }, () => {
      const bound = boundTo(address, server.address(), options.tls === undefined ? "tcp" : "tls");
      const acceptor = new Acceptor("host" in bound ? "tcp" : "unix", options);
      server.off("error", reject);
      server.on("error", options.failed);
      server.on("connection", (socket) => acceptor.accept(socket));
      resolve({
        address: bound,
        close() {
          server.close();
          acceptor.close();
        },
      });
    });
  });
}

function where(address: ListenAddress): { path: string } | { fd: number } | { host: string; port: number } {
  if (address.transport === "unix") return { path: address.path };
  return address.transport === "fd" ? { fd: address.fd } : { host: address.host, port: address.port };
}

function boundTo(
  asked: ListenAddress,
  bound: ReturnType<ReturnType<typeof createServer>["address"]>,
  transport: "tcp" | "tls",
): ListenAddress {
  if (asked.transport === "unix") return asked;
  if (typeof bound === "object" && bound !== null)
    return { transport, host: bound.address, port: bound.port };
  const path = asked.transport === "fd" ? unixPathOf(asked.fd) : undefined;
  return path === undefined ? asked : { transport: "unix", path };
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}
