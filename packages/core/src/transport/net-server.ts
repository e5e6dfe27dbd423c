import { createServer, type Server } from "node:net";
import { AddressError } from "../errors.ts";
import { formatListenAddress, type ListenAddress } from "../listen-address.ts";
import { MOST_WAITING, optionsForAccepted } from "./accepted-options.ts";
import { removeStalePath } from "./unix-path.ts";
import { unixPathOf } from "./unix-path-of.ts";

/** Node's server, listening: connections that come are paused and unread. */
export interface OpenServer {
  readonly server: Server;
  /** Where it really listens. */
  readonly address: ListenAddress;
}

/**
 * Listens on TCP, at a unix path, or with a socket that was given.
 * @param transport what connections over TCP speak
 * @throws AddressError
 */
export async function openServer(
  address: ListenAddress,
  backlog: number,
  transport: "tcp" | "tls",
): Promise<OpenServer> {
  try {
    return await attempt(address, backlog, transport);
  } catch (error) {
    if (!(await wasStale(address, error)))
      throw new AddressError(formatListenAddress(address), error as NodeJS.ErrnoException);
  }
  return openServer(address, backlog, transport);
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

function attempt(address: ListenAddress, backlog: number, transport: "tcp" | "tls"): Promise<OpenServer> {
  return new Promise((resolve, reject) => {
    // The engine ends our side itself, when what waits has been written.
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const listening = () => {
      server.off("error", reject);
      const isOurs = "host" in address || address.transport === "unix";
      server.on("connection", optionsForAccepted(server, isOurs ? backlog : MOST_WAITING));
      resolve({ server, address: boundTo(address, server.address(), transport) });
    };
    server.once("error", reject);
    if (address.transport === "given") server.listen(address.socket, backlog, listening);
    else server.listen({ ...where(address), backlog }, listening);
  });
}

function where(
  address: Exclude<ListenAddress, { transport: "given" }>,
): { path: string } | { fd: number } | { host: string; port: number } {
  if (address.transport === "unix") return { path: address.path };
  return address.transport === "fd" ? { fd: address.fd } : { host: address.host, port: address.port };
}

function boundTo(
  asked: ListenAddress,
  bound: ReturnType<Server["address"]>,
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
