import type { FramedPhase } from "@sock/codec";
import type { Connection } from "./connection.ts";

/**
 * What was going on when an error came up: a codec's work, a handler by its name, or `"transport"` for what the network
 * reported, `"send"` for a message that was dropped, `"pipe"` for the transform of a pipe, `"deadline"` for a peer that was too slow.
 */
export type ErrorPhase =
  | Exclude<FramedPhase, "message">
  | Exclude<keyof Handlers<never>, "onError">
  | "transport"
  | "send"
  | "pipe"
  | "stream"
  | "deadline";

/**
 * The callbacks of a connection. All may be async; what they throw or reject with goes to `onError` with the name of
 * the callback, and closes that connection alone.
 */
export interface Handlers<In, Out = In, Note = never, Context = unknown> {
  /** The connection is open: messages may be sent. With a handshake codec, after the handshake. */
  onConnect?(connection: Connection<In, Out, Note, Context>): unknown;

  /**
   * A message came. The next one of this connection waits for the promise returned, if any; other connections do not.
   * Without this callback, and until somebody iterates, messages wait.
   */
  onMessage?(connection: Connection<In, Out, Note, Context>, message: In): unknown;

  /** The codec tells something beside messages: a pong, the peer's close, the accepted request. */
  onNote?(connection: Connection<In, Out, Note, Context>, note: Note): unknown;

  /** What waits to be sent has reached `maxSendBufferSize`. Once per filling; may be called from within `send`. */
  onBufferFull?(connection: Connection<In, Out, Note, Context>): unknown;

  /** Nothing waits any more. Once after each `onBufferFull`. */
  onBufferDrain?(connection: Connection<In, Out, Note, Context>): unknown;

  /** The peer has ended its side; ours stays open until `closeWrite` or `close`. Only with `allowHalfOpen`. */
  onEnd?(connection: Connection<In, Out, Note, Context>): unknown;

  /**
   * Something failed. The connection goes on after a message that was dropped (phase `"send"`), or that waited and could
   * not be encoded (`"encode"`), and is over after all else.
   * Without this callback, errors of handlers and codecs are printed on stderr, errors of peers and networks are not.
   */
  onError?(connection: Connection<In, Out, Note, Context>, error: unknown, phase: ErrorPhase): unknown;

  /** The connection is gone. Exactly once for each connection that was opened, whatever the reason. */
  onClose?(connection: Connection<In, Out, Note, Context>): unknown;
}
