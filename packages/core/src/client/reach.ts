import type { CodecFactory, Via } from "@sock/codec";
import { formatAddress, parseStreamAddress, type TlsAddress } from "../address.ts";
import type { ConnectionSettings } from "../connection/options.ts";
import { raw } from "../raw.ts";
import { checkSocketOptions, connectNet, type SocketOptions } from "../transport/net-connector.ts";
import { TlsConnector } from "../transport/tls/connector.ts";
import type { TlsClientOptions } from "../transport/tls/options.ts";
import type { Transport } from "../transport/transport.ts";
import { openTunnel } from "../transport/tunnel.ts";
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

  /** At `tls://…`, and there only: whom to trust, and what to show. Proxies carry it, and do not see into it. */
  tls?: TlsClientOptions;
}

export const DEFAULT_CONNECT_TIMEOUT = 10_000;

/** The way to a target: a transport to its first stop, and the settings with the codec that goes on from there. */
export interface Reach<In, Out, Note, Context> {
  readonly reach: (signal: AbortSignal) => Promise<Transport>;
  readonly settings: ConnectionSettings<In, Out, Note, Context>;
}

/** @throws TypeError when `address` is none, or cannot be reached through `via`; RangeError; SockError `CERTIFICATE_…` */
export function reachOf<In, Out, Note, Context>(
  address: string,
  options: ReachOptions,
  settings: ConnectionSettings<In, Out, Note, Context>,
): Reach<In, Out, Note, Context> {
  checkSocketOptions(options);
  const target = parseStreamAddress(address);
  const { tls, via = [] } = options;
  if (target.transport === "tls") return { reach: reachOverTls(target, options, via), settings };
  if (tls !== undefined) throw new TypeError(`${formatAddress(target)}: the option tls goes with tls://`);
  const { first, codec } = route(target, via, settings.codec);
  return {
    reach: (signal) => connectNet(first, signal, options),
    settings: { ...settings, codec },
  };
}

/** TLS is with the target: proxies come to their end before it begins. */
function reachOverTls(
  target: TlsAddress,
  options: ReachOptions,
  via: readonly Via[],
): (signal: AbortSignal) => Promise<Transport> {
  const tls = new TlsConnector(target, options.tls);
  const { first } = route(target, via, raw());
  const opening = (next: CodecFactory<unknown, never, never>) => route(target, via, next).codec;
  return (signal) =>
    connectNet(first, signal, options, async (socket) => {
      if (via.length > 0) await openTunnel(socket, opening, signal);
      return tls.secure(socket, signal);
    });
}
