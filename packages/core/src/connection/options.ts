import { type CodecFactory, DEFAULT_MAX_PACKAGE_SIZE } from "@sock/codec";
import { type EventLoop, eventLoop } from "../event-loop.ts";
import { type Logger, stderrLogger } from "../logger.ts";
import { raw } from "../raw.ts";
import { checkWhenFull, type WhenFull } from "./grace.ts";
import type { Handlers } from "./handlers.ts";
import { checkHeartbeat, type HeartbeatOptions } from "./heartbeat.ts";
import { DEFAULT_MAX_SEND_BUFFER_SIZE } from "./send-gate.ts";

/** What a server gives to each of its connections, and a client to its one. */
export interface ConnectionOptions<In, Out = In, Note = never, Context = unknown>
  extends Handlers<In, Out, Note, Context>,
    HeartbeatOptions {
  /** The protocol. Omitted: `raw()`. */
  codec: CodecFactory<In, Out, Note>;

  /** Makes the `context` of a connection. Omitted: an empty object. */
  context?: () => Context;

  /** Bytes that may wait to be sent before `whenFull` applies. Default: `limits.defaultMaxSendBufferSize`, 1 MiB. */
  maxSendBufferSize?: number;

  /**
   * What becomes of a message for which there is no room.
   *
   * - `"drop"`, the default and the ancestor's way: it is dropped, and `send` says so. The connection goes on.
   * - `{ closeAfter: ms }`: it is accepted, so that the peer misses nothing; but if as many bytes wait `ms` later, or twice as
   *   many before, the connection is cut, with SockError `SLOW_CONSUMER`. Redis treats its subscribers so. With 0, the
   *   first message that finds no room cuts it, as uWebSockets' `closeOnBackpressureLimit`.
   */
  whenFull?: WhenFull;

  /** Bytes a frame may take, unless the codec has a limit of its own. Default: `limits.defaultMaxPackageSize`, 10 MiB. */
  maxPackageSize?: number;

  /** Keep our side open when the peer has ended its own. Default: false. */
  allowHalfOpen?: boolean;

  /**
   * Milliseconds in which a peer that is behind must take all that waits for it, or 240 bytes a second; else it is cut.
   * Default 30,000. nginx and Apache wait 60,000 for any byte, but a kernel tells of room when about a third of its buffer
   * is free, so one byte taken now and then is not seen, and a slow reader's answer moves in steps of some 15 KiB.
   * `Infinity`: wait as long as the kernel does, which a peer that says it is alive and reads nothing keeps up for ever.
   */
  writeTimeout?: number;

  /** Milliseconds for the goodbye and the flush of a closing connection. Default 30,000, as `ws` has it. */
  closeTimeout?: number;

  /**
   * Milliseconds to wait for the peer's end when ours was sent, reading and discarding: closing earlier may cost the
   * peer our last bytes. Default 2,000; nginx waits 5,000, the ancestor 1,000.
   */
  lingerTimeout?: number;

  /** Where errors of handlers and codecs go that no `onError` hears of. Default: stderr. */
  logger?: Logger;

  /** Where time comes from. Default: the process's. */
  loop?: EventLoop;
}

/** Defaults that may be changed; connections made later take the new ones. */
export const limits = {
  defaultMaxSendBufferSize: DEFAULT_MAX_SEND_BUFFER_SIZE,
  defaultMaxPackageSize: DEFAULT_MAX_PACKAGE_SIZE,
};

/** The options with their defaults, shared by all connections of a server. */
export interface ConnectionSettings<In, Out, Note, Context> {
  readonly codec: CodecFactory<In, Out, Note>;
  readonly handlers: Handlers<In, Out, Note, Context>;
  readonly context: (() => Context) | undefined;
  readonly maxSendBufferSize: number;
  readonly whenFull: WhenFull;
  readonly maxPackageSize: number;
  readonly allowHalfOpen: boolean;
  readonly writeTimeout: number;
  readonly closeTimeout: number;
  readonly lingerTimeout: number;
  /** Absent when no heartbeat is wanted. */
  readonly heartbeat: HeartbeatOptions | undefined;
  readonly logger: Logger;
  readonly loop: EventLoop;
  /** Absent where nobody but the user hears of a connection that opens. */
  readonly owner: ConnectionOwner | undefined;
}

/** Who has made a connection, and hears that it opened. */
export interface ConnectionOwner {
  /** Messages may be sent. The user does not know yet … */
  opened(connection: unknown): void;
  /** … and now does: `onConnect` has returned. */
  announced(connection: unknown): void;
}

/**
 * `options` stays the object that it is: its methods may be those of a class, and find their `this`.
 * @throws RangeError when an option is out of range
 */
export function settle<In, Out, Note, Context>(
  options: ConnectionOptions<In, Out, Note, Context>,
  loop: EventLoop = eventLoop,
): ConnectionSettings<In, Out, Note, Context> {
  checkHeartbeat(options);
  const { writeTimeout = 30_000 } = options;
  if (!(writeTimeout > 0))
    throw new RangeError(`writeTimeout ${writeTimeout} is not a positive number of ms`);
  const beats = options.pingInterval !== undefined || options.idleTimeout !== undefined;
  return {
    // Whoever gives none has, by the overloads of `listen` and `connect`, the types of `raw`.
    codec: options.codec ?? (raw() as CodecFactory<never, never> as CodecFactory<In, Out, Note>),
    handlers: options,
    context: options.context,
    maxSendBufferSize: options.maxSendBufferSize ?? limits.defaultMaxSendBufferSize,
    whenFull: checkWhenFull(options.whenFull ?? "drop"),
    maxPackageSize: options.maxPackageSize ?? limits.defaultMaxPackageSize,
    allowHalfOpen: options.allowHalfOpen ?? false,
    writeTimeout,
    closeTimeout: options.closeTimeout ?? 30_000,
    lingerTimeout: options.lingerTimeout ?? 2_000,
    heartbeat: beats ? options : undefined,
    logger: options.logger ?? stderrLogger,
    loop: options.loop ?? loop,
    owner: undefined,
  };
}
