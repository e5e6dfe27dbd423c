import type { Bytes } from "@sock/codec";
import { parseAddress } from "./address.ts";
import { attempt } from "./client/attempt.ts";
import { DEFAULT_CONNECT_TIMEOUT, type ReachOptions, reachOf } from "./client/reach.ts";
import type { Connection } from "./connection/connection.ts";
import { type ConnectionOptions, settle } from "./connection/options.ts";
import {
  openUdpClient,
  type RawUdpClientOptions,
  type UdpClient,
  type UdpClientOptions,
} from "./datagram/udp-client.ts";
import { newStats } from "./stats.ts";

export interface ConnectOptions<In, Out = In, Note = never, Context = unknown>
  extends ConnectionOptions<In, Out, Note, Context>,
    ReachOptions {
  /** Gives up before the connection is open. Later it does nothing. */
  signal?: AbortSignal;
}

/** Options of a client without a codec: its messages are the chunks as they come. */
export type RawConnectOptions<Context> = Omit<ConnectOptions<Buffer, Bytes, never, Context>, "codec">;

/**
 * Connects to `address`, once: `tcp://host:port`, `tls://host:port` or `unix:/path`. Resolves when messages may be sent;
 * messages that come before somebody takes them wait. `keepConnected` comes back when the connection is lost.
 *
 * `udp://host:port` gives a client of datagrams, at once: nobody is asked whether somebody is there.
 *
 * @throws AddressError with Node's code (of a certificate that is not trusted, too), SockError `CONNECT_TIMEOUT`, ProtocolError when a handshake fails, the reason
 * of `signal`, TypeError when it is no address or cannot be reached through `via`
 */
export function connect<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: `udp://${string}`,
  options: UdpClientOptions<In, Out, Note, Context>,
): Promise<UdpClient<In, Out, Note, Context>>;
export function connect<Context = Record<string, unknown>>(
  address: `udp://${string}`,
  options?: RawUdpClientOptions<Context> & { codec?: undefined },
): Promise<UdpClient<Buffer, Bytes, never, Context>>;
export function connect<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: string,
  options: ConnectOptions<In, Out, Note, Context>,
): Promise<Connection<In, Out, Note, Context>>;
export function connect<Context = Record<string, unknown>>(
  address: string,
  options?: RawConnectOptions<Context> & { codec?: undefined },
): Promise<Connection<Buffer, Bytes, never, Context>>;
export async function connect(address: string, options: object = {}): Promise<unknown> {
  // The overloads say what it is.
  const given = options as ConnectOptions<never, never>;
  const where = parseAddress(address);
  if (where.transport === "udp") return openUdpClient(where, options as UdpClientOptions<never, never>);
  return attempt({
    address,
    ...reachOf(address, given, settle(given)),
    stats: newStats(),
    timeout: given.timeout ?? DEFAULT_CONNECT_TIMEOUT,
    signal: given.signal,
    untilGone: false,
    left: () => {},
  });
}
