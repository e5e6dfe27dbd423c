import type { Endpoint } from "../transport.ts";

/** A peer did not get through its handshake. `cause` is what Node, or your callback, had to say. */
export class HandshakeError extends Error {
  /**
   * Node's, or OpenSSL's as Node gives it: `"ECONNRESET"`, `"ERR_SSL_NO_SHARED_CIPHER"`, `"CERT_HAS_EXPIRED"` for what
   * a client has shown, … Ours are `"HANDSHAKE_TIMEOUT"`, and `"SNI_FAILED"` when the `sni` callback did.
   */
  readonly code: string;
  /** Who it was. */
  readonly remote: Endpoint;

  constructor(code: string, sentence: string, remote: Endpoint, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "HandshakeError";
    this.code = code;
    this.remote = remote;
    // The way here is Node's, and tells nothing: peers bring it about, and logs need not have it.
    this.stack = `${this.name}: ${this.message}`;
  }

  /** Whether the peer does not speak TLS at all. */
  get isPlainText(): boolean {
    return isPlainText(this.code);
  }
}

/** Whether a code of OpenSSL says that the peer does not speak TLS at all. */
export function isPlainText(code: string): boolean {
  return PLAIN_TEXT.has(code);
}

/** What OpenSSL makes of bytes that are no record of TLS; of some of HTTP it knows better. */
const PLAIN_TEXT: ReadonlySet<string> = new Set([
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_HTTPS_PROXY_REQUEST",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_BAD_RECORD_TYPE",
  "ERR_SSL_RECORD_LAYER_FAILURE",
  "ERR_SSL_UNKNOWN_PROTOCOL",
]);
