import type { ProxyHeader } from "./proxy-protocol/header.ts";
import type { TlsDetails } from "./tls/details.ts";

/** One end of a transport's connection, as far as the transport knows it. */
export interface Endpoint {
  /** IP address without brackets; `""` for a unix socket. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
}

/** `address:port`, `[address]:port` for IPv6, `""` for a unix socket. */
export function formatEndpoint({ address, port }: Endpoint): string {
  if (address === "") return "";
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The few things a connection needs of a socket. */
export interface Transport {
  /** `"tcp"`, `"tls"`, `"unix"`, `"memory"`. */
  readonly name: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** What a proxy said of it, before anything else. */
  readonly proxy?: ProxyHeader | undefined;
  /** What TLS knows of the peer; absent without TLS. */
  readonly tls?: TlsDetails | undefined;

  /** Bytes that were written and that the other side of the transport (the kernel) has not taken yet. */
  readonly waiting: number;

  /**
   * As `waiting`, but falling with every byte that is taken, also in the middle of a large write, as far as the transport
   * can tell. Dearer: asked for where something waits, now and then.
   */
  readonly unsent: number;

  /** From now on events go to `handler`, beginning after the current turn. Called once. */
  start(handler: TransportHandler): void;

  /**
   * Writes all pieces, back to back. Memory that is still `waiting` afterwards must not change until it has been taken;
   * when nothing waits, all of it may be used again. Never calls the handler.
   */
  write(pieces: readonly Uint8Array[]): void;

  /** Stops reading … */
  pause(): void;
  /** … until now. */
  resume(): void;

  /** Ends our side when everything is written. */
  end(): void;

  /** Cuts: what waits is lost. `gone` follows, not within this call. */
  destroy(error?: Error): void;

  /**
   * Cuts as `destroy` does, and lets the peer know that what it has is not all: over TCP it sees a reset, where a mere end
   * may follow otherwise. A unix socket has no way to say so.
   */
  reset(): void;
}

/** What a transport tells its connection. */
export interface TransportHandler {
  /** Bytes came. Their memory is the connection's. */
  received(chunk: Buffer): void;
  /** Nothing is waiting any more, after something was. */
  flushed(): void;
  /** The peer will send no more. */
  peerEnded(): void;
  /** All is over. Once, last, whatever the reason. */
  gone(error?: Error): void;
}
