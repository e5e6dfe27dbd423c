import { isIP, type Socket } from "node:net";
import type { EventLoop } from "../event-loop.ts";
import type { ListenAddress } from "../listen-address.ts";
import { isLastDescriptor } from "./descriptors.ts";
import { parseIp } from "./ip.ts";
import { type Arrival, NetTransport } from "./net-transport.ts";
import type { ProxyHeader } from "./proxy-protocol/header.ts";
import type { ProxyProtocol } from "./proxy-protocol/options.ts";
import { type HeaderEnd, readProxyHeader } from "./proxy-protocol/read-header.ts";
import { shareReads } from "./shared-reads.ts";
import type { TlsHandshakes } from "./tls/handshakes.ts";
import type { Endpoint, Transport } from "./transport.ts";

/** A peer that has connected, and has said nothing yet: not even to TLS. */
export interface Newcomer {
  /** IP address without brackets, `""` over a unix socket. As of a connection: with `proxyProtocol` the real peer's. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What a trusted proxy said of it. */
  readonly proxy: ProxyHeader | undefined;
}

/** A connection that another process has accepted: what "message" brings beside the message. */
export type GivenConnection = object;

/** Says who may come in, before a connection costs anything. */
export interface Door {
  /** Whether it matters who somebody is. */
  readonly looksAtAddresses: boolean;
  /** False: turned away, and counted. `address`: undefined where nobody has one, none matters, or it will be told. */
  admits(address: string | undefined): boolean;
  /** The address of one who came in without is told. False: turned away, and counted; it has left. */
  admitsAs(address: string): boolean;
  /** Somebody was turned away by the listener itself. */
  turnedAway(reason: "descriptors" | "proxyProtocol", error?: Error): void;
  /** Asked when all else is settled, if it wants to be: one who is in. False: turned away, and counted; it has left. */
  readonly welcomes: ((newcomer: Newcomer, cameAs: string | undefined) => boolean) | undefined;
  /** One who came in has left, and never was a transport. */
  left(cameAs?: string): void;
}

export interface AcceptOptions {
  door: Door;
  proxyProtocol: ProxyProtocol | undefined;
  /** Absent: no TLS. */
  tls?: TlsHandshakes | undefined;
  loop: EventLoop;
  /** `cameAs`: the address that the door was told. */
  accepted(transport: Transport, cameAs: string | undefined): void;
}

const FEW_DESCRIPTORS = new Error(
  "hardly a file descriptor is left: connections are turned away until some are",
);

/** Takes connections from Node's server, paused and unread, to their transports; or turns them away. */
export class Acceptor {
  readonly #name: "tcp" | "unix";
  /** Where all come in, unless they may come in at several addresses. */
  readonly #local: Endpoint | undefined;
  readonly #options: AcceptOptions;
  /** Those whose PROXY header is not whole yet, and what gives up reading it. */
  readonly #reading = new Map<Socket, () => void>();

  constructor(address: ListenAddress, options: AcceptOptions) {
    this.#name = "host" in address ? "tcp" : "unix";
    this.#local = "host" in address ? endpointOf(address) : undefined;
    this.#options = options;
  }

  accept(socket: Socket): void {
    const { door, proxyProtocol } = this.#options;
    if (isLastDescriptor(socket)) return this.#turnAway(socket, "descriptors", FEW_DESCRIPTORS);
    const matters = this.#name === "tcp" && (door.looksAtAddresses || proxyProtocol !== undefined);
    // Asked for now, because a socket that has gone does not know any more.
    const remote = matters ? remoteOf(socket) : undefined;
    if (matters && remote === undefined) return void socket.destroy();
    if (proxyProtocol?.trusts(remote?.address)) return this.#readHeader(socket, proxyProtocol, remote);
    if (proxyProtocol?.required) return this.#turnAway(socket, "proxyProtocol");
    const cameAs = door.looksAtAddresses ? remote?.address : undefined;
    if (door.admits(cameAs)) this.#let(socket, { local: this.#local, remote }, cameAs);
    else socket.destroy();
  }

  /** Takes a connection that another process has accepted, and that came just now: nothing of it has been read. */
  acceptGiven(connection: GivenConnection): void {
    // Node makes it as a client's. Its own end at the peer's would cost what waits to be written.
    const socket = connection as Socket;
    socket.allowHalfOpen = true;
    socket.pause();
    this.accept(socket);
  }

  /** Those whose PROXY header is not whole yet. */
  get pending(): number {
    return this.#reading.size;
  }

  /** Those who are not in yet stay out. */
  close(): void {
    for (const [socket, giveUp] of this.#reading) {
      giveUp();
      this.#options.door.left();
      socket.destroy();
    }
    this.#reading.clear();
    this.#options.tls?.close();
  }

  #readHeader(socket: Socket, proxyProtocol: ProxyProtocol, proxy: Endpoint | undefined): void {
    if (!this.#options.door.admits(undefined)) return void socket.destroy();
    const done = (end: HeaderEnd) => {
      this.#reading.delete(socket);
      this.#headerEnded(socket, proxy, end);
    };
    this.#reading.set(socket, readProxyHeader(socket, proxyProtocol, this.#options.loop, done));
  }

  #headerEnded(socket: Socket, proxy: Endpoint | undefined, end: HeaderEnd): void {
    const { door } = this.#options;
    if ("error" in end) {
      door.left();
      return this.#turnAway(socket, "proxyProtocol", end.error);
    }
    const { header, rest } = end;
    const isRelayed = header.transport === "tcp" || header.transport === "udp";
    const remote = (isRelayed ? header.source : undefined) ?? proxy;
    // A proxy that speaks for itself is exempt from what goes by address. HAProxy's checks name it, in version 1.
    const isOwn = remote === proxy || this.#options.proxyProtocol?.trusts(remote?.address);
    const cameAs = door.looksAtAddresses && !isOwn ? remote?.address : undefined;
    if (cameAs !== undefined && !door.admitsAs(cameAs)) socket.destroy();
    else this.#let(socket, { local: this.#local, proxy: header, remote, rest }, cameAs);
  }

  #let(socket: Socket, arrival: Arrival, cameAs: string | undefined): void {
    const { door, tls, accepted } = this.#options;
    if (door.welcomes?.(newcomer(socket, arrival), cameAs) === false) return void socket.destroy();
    if (tls !== undefined) {
      const done = (transport: Transport | undefined) => {
        if (transport === undefined) door.left(cameAs);
        else accepted(transport, cameAs);
      };
      return tls.begin(socket, arrival, done);
    }
    shareReads(socket);
    accepted(new NetTransport(socket, this.#name, arrival), cameAs);
  }

  #turnAway(socket: Socket, reason: "descriptors" | "proxyProtocol", error?: Error): void {
    // An error that comes now is nobody's.
    socket.on("error", () => {});
    socket.destroy();
    this.#options.door.turnedAway(reason, error);
  }
}

function newcomer(socket: Socket, { remote = remoteOf(socket), proxy }: Arrival): Newcomer {
  return {
    remoteAddress: remote?.address ?? "",
    remotePort: remote?.port ?? 0,
    localAddress: socket.localAddress ?? "",
    localPort: socket.localPort ?? 0,
    proxy,
  };
}

/** Undefined: a name, or any address of the machine. */
function endpointOf({ host, port }: { host: string; port: number }): Endpoint | undefined {
  const isOne = isIP(host) !== 0 && !host.includes("%") && parseIp(host)?.some((byte) => byte !== 0);
  return isOne ? { address: host, port } : undefined;
}

function remoteOf({ remoteAddress, remotePort }: Socket): Endpoint | undefined {
  return remoteAddress === undefined ? undefined : { address: remoteAddress, port: remotePort ?? 0 };
}
