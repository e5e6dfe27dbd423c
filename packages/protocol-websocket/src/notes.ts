import type { Head, StatusLine } from "@sock/protocol-http/head";
import type { WebSocketRequest } from "./request.ts";

/** What was agreed on in the handshake. */
export interface Agreement {
  /** The subprotocol, if one was chosen. */
  readonly protocol: string | undefined;
  /** Whether permessage-deflate is in use. */
  readonly isDeflating: boolean;
}

/** What an open WebSocket tells beside messages. */
export type FrameNote =
  /** The peer pinged, and was answered. */
  | { readonly type: "ping"; readonly data: Uint8Array }
  | { readonly type: "pong"; readonly data: Uint8Array }
  /**
   * The peer closes, or has answered our Close. 1005: its Close had no code. 1006: it has ended the stream without a
   * Close. A connection that is cut says nothing: `onClose` does.
   */
  | { readonly type: "close"; readonly code: number; readonly reason: string };

/** Notes of `websocket()`. The accepted request is the first. */
export type WebSocketNote =
  | ({ readonly type: "open"; readonly request: WebSocketRequest } & Agreement)
  /** `verify` has refused the request with `status`; with 500 when it, or another function among the options, threw `error`. */
  | {
      readonly type: "refused";
      readonly request: WebSocketRequest;
      readonly status: number;
      readonly error?: unknown;
    }
  | FrameNote;

/** Notes of `websocketClient()`. The server's answer is the first. */
export type WebSocketClientNote =
  | ({ readonly type: "open"; readonly response: Head<StatusLine> } & Agreement)
  | FrameNote;
