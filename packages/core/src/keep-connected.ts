import type { Bytes } from "@sock/codec";
import type { Client, ClientOptions, RawClientOptions } from "./client/client.ts";
import { LiveClient } from "./client/live-client.ts";
import { reachOf } from "./client/reach.ts";
import { settle } from "./connection/options.ts";

/**
 * Connects to `address`, and comes back whenever the connection is lost: after a random time below a bound that grows with each
 * failure. Returns at once; what is sent meanwhile waits.
 *
 * @example
 * const client = keepConnected("tcp://127.0.0.1:2347", {
 *   codec: text(),
 *   onConnect: (connection) => connection.send("subscribe"),
 *   onMessage: (connection, line) => console.log(line),
 * });
 * client.send("hello");
 * @throws TypeError when it is no address or cannot be reached through `via`, RangeError for an option that is out of range
 */
export function keepConnected<In, Out = In, Note = never, Context = Record<string, unknown>>(
  address: string,
  options: ClientOptions<In, Out, Note, Context>,
): Client<In, Out, Note, Context>;
export function keepConnected<Context = Record<string, unknown>>(
  address: string,
  options?: RawClientOptions<Context> & { codec?: undefined },
): Client<Buffer, Bytes, never, Context>;
export function keepConnected(address: string, options: object = {}): unknown {
  // The overloads say what it is.
  const given = options as ClientOptions<never, never>;
  return new LiveClient(address, given, reachOf(address, given, settle(given))).start();
}
