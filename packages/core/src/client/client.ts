import type { Bytes } from "@sock/codec";
import type { CloseDetails, Connection, SendResult } from "../connection/connection.ts";
import type { ConnectionOptions } from "../connection/options.ts";
import type { Prepared } from "../prepared.ts";
import type { Stats } from "../stats.ts";
import type { BackoffOptions } from "./backoff.ts";
import type { ReachOptions } from "./reach.ts";
import type { ClientState } from "./state.ts";

/** An attempt to come. */
export interface Reconnecting {
  /** Counted from 1; anew after a connection that was healthy. */
  readonly attempt: number;
  /** Milliseconds until it is made. */
  readonly delay: number;
  /** What went wrong; undefined when the connection ended in order. */
  readonly error: unknown;
}

/**
 * Options of a client that comes back. The callbacks are those of each of its connections: `onConnect` and `onClose` are
 * called each time.
 */
export interface ClientOptions<In, Out = In, Note = never, Context = unknown>
  extends ConnectionOptions<In, Out, Note, Context>,
    ReachOptions,
    BackoffOptions {
  /**
   * What becomes of messages while there is no connection that takes them: `"queue"`, the default, keeps them for the next one,
   * up to `maxSendBufferSize`; `"refuse"` answers `"closed"`.
   */
  whileAway?: "queue" | "refuse";

  /**
   * Whether to come back after `error`: of an attempt, or of a connection. False: the client gives up. Not asked when a
   * connection ended in order. Default: no when an attempt fails with a TypeError or RangeError, since what was given is wrong
   * then; else yes.
   */
  shouldRetry?(error: unknown): boolean;

  /** The connection was lost, or an attempt has failed, and another will be made. */
  onReconnecting?(client: Client<In, Out, Note, Context>, next: Reconnecting): unknown;

  /**
   * The client is closed, and not by you: `shouldRetry` has said no to `error`, or `maxAttempts` were made. Without this callback
   * the `logger` is told.
   */
  onGiveUp?(client: Client<In, Out, Note, Context>, error: unknown): unknown;

  /** Closes the client. */
  signal?: AbortSignal;
}

/** Options of a client without a codec: its messages are the chunks as they come. */
export type RawClientOptions<Context> = Omit<ClientOptions<Buffer, Bytes, never, Context>, "codec">;

/**
 * A client that comes back: one connection after the other to one address, never two at once.
 *
 * What was sent is delivered at most once. What a connection has accepted and could not deliver is lost with it, and is never
 * sent again: nobody can know how much of it has arrived. What has waited for a connection goes to the next one, in order.
 */
export interface Client<In = Buffer, Out = In, Note = never, Context = unknown>
  extends AsyncIterable<In>,
    AsyncDisposable {
  readonly address: string;
  readonly state: ClientState;

  /** The connection in charge, when there is one. */
  readonly connection: Connection<In, Out, Note, Context> | undefined;

  /** Bytes that wait for a connection, by a guess; and those that wait in it. */
  readonly sendBufferSize: number;

  /** Messages that `send` has dropped, with a connection and without. */
  readonly dropped: number;

  /**
   * Sends by the connection, and waits for the next one when there is none.
   *
   * - `"buffered"`: accepted, and something waits: for the peer, or for a connection
   * - `"dropped"`: not accepted, because `maxSendBufferSize` bytes wait already
   * - `"closed"`: not accepted. The client is closed, or there is no connection and `whileAway` is `"refuse"`
   *
   * What waits goes out after `onConnect` has returned, so that a login sent from there is first.
   * @throws TypeError, RangeError: the message cannot be told in this protocol. One that waits is not looked at before its time:
   * it goes to `onError`, with phase `"encode"`
   */
  send(message: Out | Prepared<Out>): SendResult;

  /** Resolves with an open connection: the one there is, or the next. @throws what made the client give up, or SockError `CONNECTION_CLOSED`, or the reason of `signal` */
  connected(signal?: AbortSignal): Promise<Connection<In, Out, Note, Context>>;

  /** Resolves when nothing waits to be sent, for a connection or in it. @throws as `connected` does */
  drained(signal?: AbortSignal): Promise<void>;

  /**
   * Connects anew `delay` ms from now (0: at once), and begins to count attempts anew. Closes the connection in order when there
   * is one, and then waits. An attempt that is under way goes on. Does nothing when the client is closed.
   */
  reconnect(delay?: number): void;

  /**
   * Comes back no more, until `reconnect` says otherwise. An attempt that waits is not made, one that is under way is broken
   * off; a connection stays.
   */
  cancelReconnect(): void;

  /**
   * Closes the connection as its own `close` does, and comes back no more. Without one, `message` and what waits are not sent:
   * who wants them to be awaits `drained` first.
   */
  close(message?: Out, details?: CloseDetails): void;

  /** The sum of all connections. */
  stats(): Readonly<Stats>;

  /**
   * Messages of all connections, one at a time, in place of `onMessage`. Ends when the client is closed, and throws what made it
   * give up.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<In>;

  /** Closes, and resolves when all is gone. */
  [Symbol.asyncDispose](): Promise<void>;
}
