import type { Bytes } from "@sock/codec";
import { parseAddress } from "./address.ts";
import { LiveServer } from "./server/live-server.ts";
import type { Server, ServerOptions } from "./server/server.ts";

/** Options of a server without a codec: its messages are the chunks as they come. */
export type RawServerOptions<Context> = Omit<ServerOptions<Buffer, Bytes, never, Context>, "codec">;

/**
 * Listens at `address`: `tcp://host:port` (port 0: any free one) or `unix:/path`. A unix path that a dead process has
 * left behind is replaced; it is removed at the end.
 *
 * @example
 * const server = await listen("tcp://127.0.0.1:2347", {
 *   codec: text(),
 *   onMessage(connection, line) {
 *     connection.send(`hello ${line}`);
 *   },
 * });
 * @throws AddressError with Node's code when it cannot listen there, TypeError when it is no address
 */
export function listen<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: string,
  options: ServerOptions<In, Out, Note, Context>,
): Promise<Server<In, Out, Note, Context>>;
export function listen<Context = Record<string, unknown>>(
  address: string,
  options: RawServerOptions<Context> & { codec?: undefined },
): Promise<Server<Buffer, Bytes, never, Context>>;
export async function listen(address: string, options: object): Promise<unknown> {
  // The overloads say what it is.
  return new LiveServer(options as ServerOptions<never, never>).listen(parseAddress(address));
}
