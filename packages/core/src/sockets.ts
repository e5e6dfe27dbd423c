import type { Bytes } from "@sock/codec";
import { parseStreamAddress } from "./address.ts";
import type { RawServerOptions } from "./listen.ts";
import { LiveServer } from "./server/live-server.ts";
import type { ServerOptions, SocketServer } from "./server/server.ts";

export { parseStreamAddress, type StreamAddress } from "./address.ts";
export type { ServerOptions, SocketServer } from "./server/server.ts";
export {
  type BindOptions,
  type BoundSocket,
  bindSocket,
  canBind,
  canBindShared,
  type SocketAddress,
} from "./transport/bound-socket.ts";
export { type Passing, type PassingOptions, passConnections } from "./transport/pass-on.ts";

/**
 * A server for `address` that accepts nobody by itself: it is given sockets, or connections, of another process.
 * @param address where those come from, as it is told by `server.address`
 * @throws TypeError when it is no address of connections; what a server with TLS throws for its certificates
 */
export function serveSockets<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: string,
  options: ServerOptions<In, Out, Note, Context>,
): Promise<SocketServer<In, Out, Note, Context>>;
export function serveSockets<Context = Record<string, unknown>>(
  address: string,
  options: RawServerOptions<Context> & { codec?: undefined },
): Promise<SocketServer<Buffer, Bytes, never, Context>>;
export async function serveSockets(address: string, options: object): Promise<unknown> {
  // The overloads say what it is.
  return new LiveServer(options as ServerOptions<never, never>).servesAt(parseStreamAddress(address));
}
