import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "@sock/protocol-http/head";
import { within } from "./deflate-options.ts";

/** What a peer may take, in either role. */
export interface WebSocketLimits {
  /**
   * Bytes of a message: over all its fragments, and after inflating. Over it, the peer gets 1009. Default 16 MiB: `ws`
   * allows 100, Jetty 64 KiB, uWebSockets 16 KiB.
   */
  readonly maxMessageSize?: number | undefined;

  /**
   * Fragments of a message, empty ones counted too. Over it, the peer gets 1008. Default 131,072, as `ws` has it: 4 MiB
   * in pieces of 64 bytes are half of that.
   */
  readonly maxFragments?: number | undefined;

  /** Bytes of the handshake's head. Over it, a client gets 431. Default 16 KiB: Node allows 16, Tomcat 8, nginx 8 a line. */
  readonly maxHeadSize?: number | undefined;

  /** Fields of the handshake's head. Over it, a client gets 431. Default 100, as Apache and Cowboy have it. */
  readonly maxHeadFields?: number | undefined;

  /** Milliseconds for the handshake; for what `verify` takes, as many again. Default 10,000. */
  readonly handshakeTimeout?: number | undefined;

  /**
   * Milliseconds that a client waits for the server to end the connection when both have said Close. Default 2,000.
   * How long a Close of ours waits for the peer's is the connection's `closeTimeout`.
   */
  readonly endTimeout?: number | undefined;
}

export interface SettledLimits {
  readonly maxMessageSize: number;
  readonly maxFragments: number;
  readonly head: HeadLimits;
  readonly handshakeTimeout: number;
  readonly endTimeout: number;
}

/**
 * The limits with their defaults.
 * @throws RangeError
 */
export function settleLimits(given: WebSocketLimits): SettledLimits {
  const maxHeadSize = whole(given.maxHeadSize ?? DEFAULT_HEAD_LIMITS.maxHeadSize, "maxHeadSize", 1);
  return {
    maxMessageSize: whole(given.maxMessageSize ?? 16 * 1024 * 1024, "maxMessageSize", 0),
    maxFragments: whole(given.maxFragments ?? 128 * 1024, "maxFragments", 1),
    head: {
      maxHeadSize,
      // A token for authentication often stands in the query: the head's limit is enough.
      maxTargetSize: maxHeadSize,
      maxFields: whole(given.maxHeadFields ?? DEFAULT_HEAD_LIMITS.maxFields, "maxHeadFields", 1),
    },
    handshakeTimeout: whole(given.handshakeTimeout ?? 10_000, "handshakeTimeout", 1),
    endTimeout: whole(given.endTimeout ?? 2_000, "endTimeout", 1),
  };
}

function whole(value: number, name: string, least: number): number {
  return within(value, name, least, Number.MAX_SAFE_INTEGER);
}
