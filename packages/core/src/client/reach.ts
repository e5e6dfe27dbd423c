import type { Via } from "@sock/codec";
import { parseStreamAddress } from "../address.ts";
import type { ConnectionSettings } from "../connection/options.ts";
import { checkSocketOptions, connectNet, type SocketOptions } from "../transport/net-connector.ts";
import type { Transport } from "../transport/transport.ts";
import { route } from "../via/route.ts";

/** How a client finds its way, whether it connects once or again and again. */
export interface ReachOptions extends SocketOptions {
  /** Milliseconds until the connection is open, its handshake included. Default 10,000; the kernel's own is minutes. */
  timeout?: number;

  /**
   * Proxies to go through, the nearest first: `socks5({ … })`, or whatever makes a `Via`. The connection's remote address is
   * that of the first then, and what is said of sockets concerns the way to it.
   */
  via?: readonly Via[];
}

export const DEFAULT_CONNECT_TIMEOUT = 10_000;

/** The way to a target: a transport to its first stop, and the settings with the codec that goes on from there. */
export interface Reach<In, Out, Note, Context> {
  readonly reach: (signal: AbortSignal) => Promise<Transport>;
  readonly settings: ConnectionSettings<In, Out, Note, Context>;
}

/** @throws TypeError when `address` is none, or cannot be reached through `via`; RangeError */
export function reachOf<In, Out, Note, Context>(
  address: string,
  options: ReachOptions,
  settings: ConnectionSettings<In, Out, Note, Context>,
): Reach<In, Out, Note, Context> {
  checkSocketOptions(options);
  const { first, codec } = route(parseStreamAddress(address), options.via ?? [], settings.codec);
  return {
    reach: (signal) => connectNet(first, signal, options),
    settings: { ...settings, codec },
  };
}
