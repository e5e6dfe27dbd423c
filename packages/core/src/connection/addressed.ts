import type { ProxyHeader } from "../transport/proxy-protocol/header.ts";
import type { TlsDetails } from "../transport/tls/details.ts";
import { formatEndpoint, type Transport } from "../transport/transport.ts";

/** What a transport knows of where it is. */
export type Place = Pick<Transport, "name" | "local" | "remote" | "proxy" | "tls">;

/** Where a connection is, under our names and the ancestor's. */
export abstract class Addressed<Wire extends Place = Transport> {
  protected readonly wire: Wire;

  constructor(transport: Wire) {
    this.wire = transport;
  }

  get transport(): string {
    return this.wire.name;
  }

  get tls(): TlsDetails | undefined {
    return this.wire.tls;
  }

  get remoteAddress(): string {
    return this.wire.remote.address;
  }

  get remotePort(): number {
    return this.wire.remote.port;
  }

  get localAddress(): string {
    return this.wire.local.address;
  }

  get localPort(): number {
    return this.wire.local.port;
  }

  get proxy(): ProxyHeader | undefined {
    return this.wire.proxy;
  }

  getRemoteIp(): string {
    return this.remoteAddress;
  }

  getRemotePort(): number {
    return this.remotePort;
  }

  getRemoteAddress(): string {
    return formatEndpoint(this.wire.remote);
  }

  getLocalIp(): string {
    return this.localAddress;
  }

  getLocalPort(): number {
    return this.localPort;
  }

  getLocalAddress(): string {
    return formatEndpoint(this.wire.local);
  }

  isIpV4(): boolean {
    return this.remoteAddress.includes(".") && !this.remoteAddress.includes(":");
  }

  isIpV6(): boolean {
    return this.remoteAddress.includes(":");
  }
}
