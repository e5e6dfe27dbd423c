import { ProtocolError } from "@sock/codec";
import type { Endpoint } from "../transport.ts";

/** What a proxy says of the connection that it relays: HAProxy's PROXY protocol. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /**
   * What is relayed. `"unknown"`: the proxy does not say, or speaks for itself (a health check; `LOCAL` and `UNKNOWN` of
   * the specification): the connection is then the proxy's own, and there are no endpoints.
   */
  readonly transport: "tcp" | "udp" | "unix" | "unknown";
  /** Who speaks through the proxy; with `"unix"`, its address is a path. */
  readonly source: Endpoint | undefined;
  /** What it connected to. */
  readonly destination: Endpoint | undefined;
  /** More about it, of version 2; `proxyTlv` names the types. Padding is left out. */
  readonly tlvs: readonly ProxyTlv[];
}

export interface ProxyTlv {
  /** 0 to 255. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** Types of TLVs, as the specification names them (2.2). */
export const proxyTlv = {
  /** The protocol that ALPN agreed on, as bytes of text. */
  alpn: 0x01,
  /** The host name that the client asked for: of SNI, say. */
  authority: 0x02,
  /** Checked when it is there. */
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  netns: 0x30,
} as const;

/** The header is not one. Whoever sent it is trusted, so this is a misconfigured proxy. */
export function malformed(sentence: string): ProtocolError {
  return new ProtocolError("PROXY_HEADER", sentence);
}
