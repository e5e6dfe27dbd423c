import type { Bytes } from "@sock/codec";
import { type Address, formatAddress, parseAddress } from "./address.ts";
import type { Connection } from "./connection/connection.ts";
import { LiveConnection } from "./connection/live-connection.ts";
import { type ConnectionOptions, settle } from "./connection/options.ts";
import { SockError } from "./errors.ts";
import { newStats } from "./stats.ts";
import { connectNet } from "./transport/net-connector.ts";

export interface ConnectOptions<In, Out = In, Note = never, Context = unknown>
  extends ConnectionOptions<In, Out, Note, Context> {
  /** Gives up before the connection is open. Later it does nothing. */
  signal?: AbortSignal;
  /** Milliseconds until the connection is open, its handshake included. Default 10,000; the kernel's own is minutes. */
  timeout?: number;
}

/** Options of a client without a codec: its messages are the chunks as they come. */
export type RawConnectOptions<Context> = Omit<ConnectOptions<Buffer, Bytes, never, Context>, "codec">;

/**
 * Connects to `address`: `tcp://host:port` or `unix:/path`. Resolves when messages may be sent; messages that come
 * before somebody takes them wait.
 *
 * @throws AddressError with Node's code, SockError `CONNECT_TIMEOUT`, ProtocolError when a handshake fails, the reason
 * of `signal`, TypeError when it is no address
 */
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
  const { signal, timeout = 10_000 } = given;
  const settings = settle(given);
  const where = parseAddress(address);

  const attempt = new AbortController();
  const giveUp = () => attempt.abort(signal?.reason);
  if (signal?.aborted) giveUp();
  signal?.addEventListener("abort", giveUp);
  const alarm = settings.loop.after(timeout, () => attempt.abort(timedOut(where, timeout)));
  try {
    const transport = await connectNet(where, attempt.signal);
    const connection = new LiveConnection(transport, settings, newStats(), () => {});
    connection.start();
    await connection.whenOpen(attempt.signal).catch((error: unknown) => {
      // One that failed by itself may still be saying its goodbye.
      if (attempt.signal.aborted) connection.destroy();
      throw error;
    });
    return connection;
  } finally {
    alarm.cancel();
    signal?.removeEventListener("abort", giveUp);
  }
}

function timedOut(where: Address, timeout: number): SockError {
  return new SockError("CONNECT_TIMEOUT", `${formatAddress(where)}: no connection within ${timeout} ms`);
}
