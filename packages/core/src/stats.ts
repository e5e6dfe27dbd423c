import { newRefusals, type Refusals } from "./server/admission.ts";

/** Counts since the start of a server or client, but `connections` and `handshaking`, which count those alive. */
export interface Stats {
  connections: number;
  /** Connections accepted or made. */
  opened: number;
  /** Connections turned away. */
  refused: number;
  /** The same, by what was in the way. */
  refusedBy: Refusals;
  /** TLS handshakes under way. */
  handshaking: number;
  /** TLS handshakes that came to nothing: peers without TLS, without trust, too slow, or gone. */
  handshakesFailed: number;
  messagesReceived: number;
  messagesSent: number;
  bytesRead: number;
  bytesWritten: number;
  /** Messages that `send` dropped. */
  dropped: number;
  /** Messages for which `sent` had to wait. */
  waited: number;
  /** Connections that were cut because their peers did not read: `whenFull`. */
  slowConsumers: number;
  /** Errors reported to `onError`, drops left out. */
  errors: number;
}

export function newStats(): Stats {
  return {
    connections: 0,
    opened: 0,
    refused: 0,
    refusedBy: newRefusals(),
    handshaking: 0,
    handshakesFailed: 0,
    messagesReceived: 0,
    messagesSent: 0,
    bytesRead: 0,
    bytesWritten: 0,
    dropped: 0,
    waited: 0,
    slowConsumers: 0,
    errors: 0,
  };
}
