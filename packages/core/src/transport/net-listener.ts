import { createServer } from "node:net";
import type { Address } from "../address.ts";
import { formatAddress } from "../address.ts";
import { AddressError } from "../errors.ts";
import { type AcceptOptions, Acceptor } from "./accept.ts";
import { removeStalePath } from "./unix-path.ts";

/** Accepts connections at one address. */
export interface Listener {
  /** Where it really listens. */
  readonly address: Address;
  /** Accepts no more. Resolves at once; connections live on. */
  close(): void;
}

export interface ListenOptions extends AcceptOptions {
  /** Connections that may wait in the kernel to be accepted. */
  backlog: number;
  failed(error: Error): void;
}

/**
 * Listens on TCP or a unix path.
 * @throws AddressError
 */
export async function listenOnNet(address: Address, options: ListenOptions): Promise<Listener> {
  try {
    return await attempt(address, options);
  } catch (error) {
    if (!(await wasStale(address, error)))
      throw new AddressError(formatAddress(address), error as NodeJS.ErrnoException);
  }
  return listenOnNet(address, options);
}

/** Whether what was in the way is away now. */
async function wasStale(address: Address, error: unknown): Promise<boolean> {
  if (!isInUse(error) || address.transport !== "unix") return false;
  try {
    return await removeStalePath(address.path);
  } catch (denied) {
    throw new AddressError(formatAddress(address), denied as NodeJS.ErrnoException);
  }
}

function attempt(address: Address, options: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    // The engine ends our side itself, when what waits has been written. TCP_NODELAY: the cork does what Nagle would.
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      pauseOnConnect: true,
    });
    const acceptor = new Acceptor(address.transport, options);
    server.on("connection", (socket) => acceptor.accept(socket));
    server.once("error", reject);
    server.listen({ ...where(address), backlog: options.backlog }, () => {
      server.off("error", reject);
      server.on("error", options.failed);
      resolve({
        address: boundTo(address, server.address()),
        close() {
          server.close();
          acceptor.close();
        },
      });
    });
  });
}

function where(address: Address): { path: string } | { host: string; port: number } {
  return address.transport === "unix" ? { path: address.path } : { host: address.host, port: address.port };
}

function boundTo(asked: Address, bound: ReturnType<ReturnType<typeof createServer>["address"]>): Address {
  if (asked.transport === "unix" || typeof bound !== "object" || bound === null) return asked;
  return { transport: "tcp", host: bound.address, port: bound.port };
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}
