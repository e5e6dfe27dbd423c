import type { Bytes } from "./bytes.ts";

const BRAND = Symbol.for("@sock/ProtocolError");

/** What a `ProtocolError` may carry beside its code and sentence. */
export interface ProtocolErrorOptions extends ErrorOptions {
  /** The last bytes worth sending to the peer: a close frame, a 400 answer. */
  farewell?: Bytes;
}

/**
 * The peer broke the protocol: no further byte can make its stream valid.
 *
 * Thrown by codecs; the engine sends the farewell, reports the error and closes the connection. A message that is
 * wrong in a good frame is no `ProtocolError`, but the handler's concern.
 */
export class ProtocolError extends Error {
  /** Stable, for programs: `"FRAME_TOO_LARGE"`. The sentence in `message` is for people and may change. */
  readonly code: string;
  readonly farewell: Bytes | undefined;
  readonly [BRAND] = true;

  constructor(code: string, sentence: string, options: ProtocolErrorOptions = {}) {
    super(sentence, options);
    this.name = "ProtocolError";
    this.code = code;
    this.farewell = options.farewell;
  }

  /** Whether `error` is a `ProtocolError`, from whichever copy of this package. `instanceof` fails across two copies. */
  static is(error: unknown): error is ProtocolError {
    return typeof error === "object" && error !== null && BRAND in error;
  }
}
