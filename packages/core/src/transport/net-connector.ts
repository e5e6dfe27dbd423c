import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { formatAddress, type StreamAddress } from "../address.ts";
import { AddressError } from "../errors.ts";
import { NetTransport } from "./net-transport.ts";
import { onread } from "./shared-reads.ts";
import type { Transport } from "./transport.ts";

/** How a client's socket goes out. For TCP; a unix path has none of it. */
export interface SocketOptions {
  /** The address of this machine to connect from. Default: the system's choice. */
  localAddress?: string | undefined;

  /** The port of this machine to connect from. Default: any free one. */
  localPort?: number | undefined;

  /** Looks names up, in place of the system's resolver: of the form of `dns.lookup`. */
  lookup?: LookupFunction | undefined;

  /**
   * Milliseconds for an address of a name that has several, IPv6 and IPv4 in turn, before the next one is tried in its place
   * ("happy eyeballs", as Node has them). The last one has all the time that is left. Default: Node's, 250 or 500.
   */
  addressTimeout?: number | undefined;

  /**
   * Milliseconds of silence after which the kernel asks the peer's kernel for a sign of life. Default: the kernel's own,
   * mostly two hours; `false`: never. A `pingInterval` asks the peer itself.
   */
  keepAlive?: number | false | undefined;
}

/** @throws TypeError, RangeError */
export function checkSocketOptions({
  localAddress,
  localPort,
  addressTimeout,
  keepAlive,
}: SocketOptions): void {
  if (localAddress !== undefined && isIP(localAddress) === 0)
    throw new TypeError(`localAddress "${localAddress}" is no IP address`);
  // Node would take it modulo 65,536.
  if (localPort !== undefined && !(Number.isInteger(localPort) && localPort >= 0 && localPort <= 65_535))
    throw new RangeError(`localPort ${localPort} is not 0 to 65535`);
  if (addressTimeout !== undefined && !(addressTimeout >= 1))
    throw new RangeError(`addressTimeout ${addressTimeout} is not a positive number of ms`);
  if (typeof keepAlive === "number" && !(keepAlive >= 1000))
    throw new RangeError(`keepAlive ${keepAlive} is under 1000 ms, the least that kernels know`);
}

/**
 * Connects over TCP or to a unix path.
 * @param transportOf makes the transport of a socket that has just connected
 * @throws AddressError, what `transportOf` does, or the reason of `signal`
 */
export function connectNet(
  address: StreamAddress,
  signal: AbortSignal,
  options: SocketOptions = {},
  transportOf: (socket: Socket) => Transport | Promise<Transport> = (socket) =>
    new NetTransport(socket, address.transport),
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = open(address, options);
    const settle = () => {
      signal.removeEventListener("abort", aborted);
      socket.off("error", failed);
      socket.off("connect", connected);
    };
    const connected = () => {
      settle();
      resolve(transportOf(socket));
    };
    const failed = (error: Error) => {
      settle();
      reject(new AddressError(formatAddress(address), error));
    };
    const aborted = () => {
      settle();
      socket.destroy();
      reject(signal.reason);
    };
    socket.once("connect", connected);
    socket.once("error", failed);
    signal.addEventListener("abort", aborted);
  });
}

function open(
  address: StreamAddress,
  { localAddress, localPort, lookup, addressTimeout, keepAlive }: SocketOptions,
): Socket {
  if (address.transport === "unix") return connect({ path: address.path, allowHalfOpen: true, onread });
  return connect({
    host: address.host,
    port: address.port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: keepAlive !== false,
    // Whatever the default of this process is.
    autoSelectFamily: true,
    ...(typeof keepAlive === "number" && { keepAliveInitialDelay: keepAlive }),
    ...(addressTimeout !== undefined && { autoSelectFamilyAttemptTimeout: addressTimeout }),
    ...(lookup !== undefined && { lookup }),
    ...(localPort !== undefined && { localPort }),
    // From an address of one family only its like can be reached.
    ...(localAddress !== undefined && { localAddress, family: isIP(localAddress) }),
  });
}
