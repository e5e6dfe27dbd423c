import { LiveConnection } from "../connection/live-connection.ts";
import type { ConnectionSettings } from "../connection/options.ts";
import { SockError } from "../errors.ts";
import type { Stats } from "../stats.ts";
import type { Transport } from "../transport/transport.ts";

/** All that an attempt to connect needs. */
export interface Attempt<In, Out, Note, Context> {
  /** As it was given, for people. */
  readonly address: string;
  /** Makes the transport. Rejects with the reason of `signal` when that is aborted first. */
  readonly reach: (signal: AbortSignal) => Promise<Transport>;
  readonly settings: ConnectionSettings<In, Out, Note, Context>;
  readonly stats: Stats;
  /** Milliseconds until the connection is open. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Whether a failure is told only when nothing is left of it: a goodbye may still be under way. */
  readonly untilGone: boolean;
  /** Called when all is over with the connection, if there was one. */
  readonly left: (connection: LiveConnection<In, Out, Note, Context>) => void;
}

/**
 * Attempts to connect, once. Resolves when messages may be sent.
 * @throws AddressError, ProtocolError, SockError `CONNECT_TIMEOUT`, the reason of `signal`
 */
export async function attempt<In, Out, Note, Context>(
  plan: Attempt<In, Out, Note, Context>,
): Promise<LiveConnection<In, Out, Note, Context>> {
  const { address, settings, timeout, signal } = plan;
  const control = new AbortController();
  const giveUp = () => control.abort(signal?.reason);
  if (signal?.aborted) giveUp();
  signal?.addEventListener("abort", giveUp);
  const alarm = settings.loop.after(timeout, () => control.abort(timedOut(address, timeout)));
  try {
    return await open(plan, control.signal);
  } finally {
    alarm.cancel();
    signal?.removeEventListener("abort", giveUp);
  }
}

async function open<In, Out, Note, Context>(
  { reach, settings, stats, left, untilGone }: Attempt<In, Out, Note, Context>,
  signal: AbortSignal,
): Promise<LiveConnection<In, Out, Note, Context>> {
  const transport = await reach(signal);
  if (signal.aborted) {
    transport.destroy();
    throw signal.reason;
  }
  const connection = new LiveConnection(transport, settings, stats, left);
  // At once: nobody is to hear that it has opened after that.
  const cut = () => connection.destroy();
  signal.addEventListener("abort", cut);
  try {
    connection.start();
    await connection.whenOpen(signal);
    return connection;
  } catch (error) {
    // It may still be saying its goodbye.
    if (untilGone) await connection.whenGone();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

function timedOut(address: string, timeout: number): SockError {
  return new SockError("CONNECT_TIMEOUT", `${address}: no connection within ${timeout} ms`);
}
