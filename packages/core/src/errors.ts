/** Codes of errors that the engine itself raises. Those of the network keep the code that Node gave them. */
export type SockErrorCode =
  /** A message was not accepted, because `maxSendBufferSize` bytes wait already. */
  | "SEND_BUFFER_FULL"
  /** `maxSendBufferSize` bytes have waited for as long as `whenFull` allows, or twice as many wait. */
  | "SLOW_CONSUMER"
  /** The connection went before what was awaited came. */
  | "CONNECTION_CLOSED"
  /** The peer did not take our last bytes, or answer our goodbye, within `closeTimeout`. */
  | "CLOSE_TIMEOUT"
  /** The peer was too slow in a phase that its protocol limits. */
  | "PHASE_TIMEOUT"
  /** Bytes waited to be sent, and the peer took next to none of them for `writeTimeout`. */
  | "WRITE_TIMEOUT"
  /** Nothing came from the peer for `idleTimeout`. */
  | "IDLE_TIMEOUT"
  /** No connection within `timeout`. */
  | "CONNECT_TIMEOUT"
  /** A certificate, its key or an authority does not parse. `cause` is OpenSSL's error. */
  | "CERTIFICATE_INVALID"
  /** A key is not that of its certificate. */
  | "CERTIFICATE_MISMATCH"
  /** The file of a certificate cannot be read. `cause` is Node's error. */
  | "CERTIFICATE_UNREADABLE";

/** An error of the engine: neither the peer's fault, which is a `ProtocolError`, nor the network's. */
export class SockError extends Error {
  /** Stable, for programs. */
  readonly code: SockErrorCode;

  constructor(code: SockErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "SockError";
    this.code = code;
  }
}

/** A server could not listen, or a client could not connect. `cause` is Node's error. */
export class AddressError extends Error {
  /**
   * Node's code: `"EADDRINUSE"`, `"EACCES"`, `"EADDRNOTAVAIL"`, `"ECONNREFUSED"`, `"ENOTFOUND"`, `"ENOENT"`, …; of a
   * certificate that is not trusted `"CERT_HAS_EXPIRED"`, `"ERR_TLS_CERT_ALTNAME_INVALID"`, …
   */
  readonly code: string;
  /** As it was given. */
  readonly address: string;

  constructor(address: string, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? "UNKNOWN";
    super(`${address}: ${SENTENCES[code] ?? cause.message}`, { cause });
    this.name = "AddressError";
    this.code = code;
    this.address = address;
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  EADDRINUSE: "the address is in use",
  // For a unix path in no folder too: libuv makes one of both.
  EACCES: "no permission to use the address, or no such folder",
  EPERM: "no permission to use the address",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name could not be looked up for now",
  EAI_FAIL: "the name could not be looked up",
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the connection was reset at once",
  ETIMEDOUT: "nobody answers there",
  EHOSTUNREACH: "no way leads to the host",
  ENETUNREACH: "no way leads to the host's network",
  ENOENT: "no such path",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself, and by nobody who is trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate leads to an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate leads to no authority that is trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate leads to no authority that is trusted",
  ERR_SSL_WRONG_VERSION_NUMBER: "no TLS is spoken there",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "no TLS is spoken there",
};
