import type { Bytes } from "./bytes.ts";
import type { PhaseLimits } from "./codec.ts";

/** What a codec, or the handler of its messages, was doing when it failed. */
export type FramedPhase =
  | "factory"
  | "input"
  | "decode"
  | "encode"
  | "finish"
  | "farewell"
  | "closed"
  | "message";

/** What a `Framed` gives out: messages one way, bytes the other way. Of these functions, `message` alone may throw. */
export interface FramedSink<In, Note = never> {
  /** Takes a message. While a promise that it returned is pending, the next message waits; frames without one do not. */
  message(message: In): unknown;

  /** Sends an encoded message. */
  write(encoded: Bytes | AsyncIterable<Bytes>): void;

  /**
   * The stream is broken, or `message` threw: nothing more will come out. A `ProtocolError` is the peer's fault and may
   * carry a farewell to send; anything else is a bug of the codec, or in phase `"message"` of the handler.
   */
  failed(error: unknown, phase: FramedPhase): void;

  /** Sends bytes of the protocol's own, never to be dropped. Absent: `write`. */
  reply?(bytes: Bytes): void;

  /** Takes a note of the codec. */
  note?(note: Note): void;

  /** A codec that is not `opening` is in charge: messages may be sent. */
  opened?(): void;

  /** The peer's end was reached in order. `staysWritable`: the codec will say when our side ends. */
  ended?(staysWritable: boolean): void;

  /** The loop stands still: no whole frame is left, or something blocks it. */
  idle?(): void;

  /** The codec wants the connection closed when everything is written. */
  end?(): void;

  /** The codec names the deadline now in force. */
  phase?(name: string, limits: PhaseLimits): void;

  /** A clock in ms. Absent: `performance.now`. */
  now?(): number;
}
