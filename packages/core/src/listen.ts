import type { Bytes } from "@sock/codec";
import {
  LiveUdpServer,
  type RawUdpServerOptions,
  type UdpServer,
  type UdpServerOptions,
} from "./datagram/udp-server.ts";
import { parseListenAddress } from "./listen-address.ts";
import { LiveServer } from "./server/live-server.ts";
import type { Server, ServerOptions } from "./server/server.ts";

type UdpText = `udp://${string}`;

/** Options of a server without a codec: its messages are the chunks as they come. */
export type RawServerOptions<Context> = Omit<ServerOptions<Buffer, Bytes, never, Context>, "codec">;

/**
 * Listens at `address`: `tcp://host:port` (port 0: any free one), `tls://host:port` or `unix:/path`. A unix path that a dead process has
 * left behind is replaced; it is removed at the end.
 *
 * At `udp://host:port` each datagram has a connection of its own, which answers it; `onConnect` and `onClose` are not called.
 * An address that is written out decides the types; one that is a mere `string` has those of connections.
 *
 * With a socket that this process was given: `fd://3` or `{ fd: 3 }`, and `systemd:name` for the one of
 * `activatedSockets()` that has that name. What was given is not removed at the end: a unix path stays.
 *
 * @example
 * const server = await listen("tcp://127.0.0.1:2347", {
 *   codec: text(),
 *   onMessage(connection, line) {
 *     connection.send(`hello ${line}`);
 *   },
 * });
 * @throws AddressError with Node's code when it cannot listen there, TypeError when it is no address, or no socket
 * of that name was given
 */
export function listen<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: UdpText,
  options: UdpServerOptions<In, Out, Note, Context>,
): Promise<UdpServer<Out>>;
export function listen<Context = Record<string, unknown>>(
  address: UdpText,
  options: RawUdpServerOptions<Context> & { codec?: undefined },
): Promise<UdpServer<Bytes>>;
export function listen<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: string | { readonly fd: number },
  options: ServerOptions<In, Out, Note, Context>,
): Promise<Server<In, Out, Note, Context>>;
export function listen<Context = Record<string, unknown>>(
  address: string | { readonly fd: number },
  options: RawServerOptions<Context> & { codec?: undefined },
): Promise<Server<Buffer, Bytes, never, Context>>;
export async function listen(address: string | { readonly fd: number }, options: object): Promise<unknown> {
  // The overloads say what it is.
  const where = parseListenAddress(address);
  if (where.transport === "udp") {
    return new LiveUdpServer(options as UdpServerOptions<never, never>).listen(where);
  }
  return new LiveServer(options as ServerOptions<never, never>).listen(where);
}
