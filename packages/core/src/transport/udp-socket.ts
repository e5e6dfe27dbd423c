import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { type LookupAddress, lookup } from "node:dns";
import { isIP } from "node:net";
import { formatAddress, type UdpAddress } from "../address.ts";
import { AddressError } from "../errors.ts";
import type { Endpoint } from "./transport.ts";

/** How the socket is made, and what the network does with what it sends. Node's names. */
export interface UdpSocketOptions {
  /** Others may use the address as well, as listeners to a multicast group do. Default: false. */
  reuseAddr?: boolean;
  /** Others may use it, and the kernel deals datagrams out to all (Linux and BSD; Node 22.12 and newer). Default: false. */
  reusePort?: boolean;
  /** `udp://[::]:…` takes no IPv4. Default: false. */
  ipv6Only?: boolean;
  /** Bytes that the kernel keeps until they are read, and until they are sent. Default: the kernel's. */
  recvBufferSize?: number;
  sendBufferSize?: number;
  /** May send to broadcast addresses. Default: false. */
  broadcast?: boolean;
  /** Routers that a datagram may pass, 1 to 255. Default: the kernel's, mostly 64. */
  ttl?: number;
  /** The same of a datagram to a group, 0 to 255. Default 1: it stays in this network. */
  multicastTtl?: number;
  /** The interface that datagrams to a group leave by: an address of it, `::%eth1` for IPv6. Default: the kernel's. */
  multicastInterface?: string;
  /** Whether what is sent to a group comes to its members on this machine. Default: true. */
  multicastLoopback?: boolean;
}

/** Which membership of a group. */
export interface GroupOptions {
  /** An address of the interface; `::%eth1` for IPv6. Default: the kernel's choice. */
  interface?: string | undefined;
  /** Take datagrams of this sender alone. */
  source?: string;
}

export interface UdpHandler {
  /** A datagram came. Its memory is the handler's. */
  received(bytes: Buffer, from: Endpoint): void;
  /** The kernel reports something, of an earlier datagram perhaps. The socket goes on. */
  failed(error: Error): void;
}

/** A UDP socket of Node, bound, and with a peer if it was connected. */
export class UdpSocket {
  readonly local: Endpoint;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    const { address, port } = socket.address();
    this.local = { address, port };
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get waiting(): number {
    return this.#socket.getSendQueueSize();
  }

  /** Sends one datagram; `to` is left out when the socket is connected. `done` is called later. */
  send(bytes: Uint8Array, to: Endpoint | undefined, done: (error: Error | null) => void): void {
    if (to === undefined) this.#socket.send(bytes, done);
    else this.#socket.send(bytes, to.port, to.address, done);
  }

  join(group: string, { interface: by, source }: GroupOptions): void {
    if (source === undefined) this.#socket.addMembership(group, by);
    else this.#socket.addSourceSpecificMembership(source, group, by);
  }

  leave(group: string, { interface: by, source }: GroupOptions): void {
    if (source === undefined) this.#socket.dropMembership(group, by);
    else this.#socket.dropSourceSpecificMembership(source, group, by);
  }

  /** Resolves when the socket is closed. What waits is lost. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(resolve));
  }
}

/**
 * Binds a socket at `address`.
 * @throws AddressError
 */
export async function bindUdp(
  address: UdpAddress,
  options: UdpSocketOptions,
  groups: readonly string[],
  handler: UdpHandler,
): Promise<UdpSocket> {
  return atAddress(address, async () => {
    const host = await resolve(address.host);
    const socket = await open(host, { port: address.port, address: host.address }, options, handler);
    try {
      for (const group of groups) socket.join(group, { interface: options.multicastInterface });
    } catch (error) {
      await socket.close();
      throw error;
    }
    return socket;
  });
}

/**
 * Binds a socket at any address, or at `from`, and connects it to `address`: it takes datagrams of nobody else.
 * @throws AddressError
 */
export async function connectUdp(
  address: UdpAddress,
  options: UdpSocketOptions,
  from: { address?: string; port?: number },
  handler: UdpHandler,
): Promise<{ socket: UdpSocket; remote: Endpoint }> {
  return atAddress(address, async () => {
    const host = await resolve(address.host);
    const remote = { address: host.address, port: address.port };
    return { socket: await open(host, { exclusive: true, ...from }, options, handler, remote), remote };
  });
}

async function atAddress<T>(address: UdpAddress, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new AddressError(formatAddress(address), error as NodeJS.ErrnoException);
  }
}

function resolve(host: string): Promise<LookupAddress> {
  const family = isIP(host);
  if (family !== 0) return Promise.resolve({ address: host, family });
  return new Promise((resolve, reject) => {
    lookup(host, (error, address, family) => (error ? reject(error) : resolve({ address, family })));
  });
}

function open(
  { family }: LookupAddress,
  where: { port?: number; address?: string; exclusive?: boolean },
  options: UdpSocketOptions,
  handler: UdpHandler,
  remote?: Endpoint,
): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(socketOptions(family, options));
    const fail = (error: unknown) => {
      socket.close();
      reject(error);
    };
    const opened = () => {
      socket.off("error", fail);
      socket.on("error", (error) => handler.failed(error));
      socket.on("message", (bytes, { address, port }) => handler.received(bytes, { address, port }));
      resolve(new UdpSocket(socket));
    };
    socket.once("error", fail);
    socket.bind(where, () => {
      try {
        configure(socket, options);
        if (remote === undefined) opened();
        else socket.connect(remote.port, remote.address, (error?: Error) => (error ? fail(error) : opened()));
      } catch (error) {
        fail(error);
      }
    });
  });
}

function socketOptions(family: number, options: UdpSocketOptions): SocketOptions {
  const { reuseAddr, reusePort, ipv6Only, recvBufferSize, sendBufferSize } = options;
  const given = { reuseAddr, reusePort, ipv6Only, recvBufferSize, sendBufferSize };
  return {
    type: family === 6 ? "udp6" : "udp4",
    // Names were resolved before. Node's own would take a turn for each datagram to find that there is none.
    lookup: (address, _, found) => found(null, address, family),
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as object),
  };
}

function configure(socket: Socket, options: UdpSocketOptions): void {
  const { broadcast, ttl, multicastTtl, multicastInterface, multicastLoopback } = options;
  if (broadcast !== undefined) socket.setBroadcast(broadcast);
  if (ttl !== undefined) socket.setTTL(ttl);
  if (multicastTtl !== undefined) socket.setMulticastTTL(multicastTtl);
  if (multicastInterface !== undefined) socket.setMulticastInterface(multicastInterface);
  if (multicastLoopback !== undefined) socket.setMulticastLoopback(multicastLoopback);
}
