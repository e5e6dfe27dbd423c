import type { PeerCertificate, SecureContext, SecureVersion } from "node:tls";
import type { HandshakeError } from "./handshake-error.ts";
import type { TlsSessions } from "./sessions.ts";

/** PEM, as text or bytes. */
export type Pem = string | Uint8Array;

/** A certificate and its key: given, or the files that they are in. */
export interface TlsCertificate {
  /** The certificate, and behind it those between it and its root. A list: one of each kind of key, RSA and EC. */
  cert?: Pem | readonly Pem[];
  /** The key of `cert`. A list, when that is one. */
  key?: Pem | readonly Pem[];
  /** What the keys are encrypted with, if they are. */
  passphrase?: string;
  /** In place of `cert`. */
  certFile?: string | readonly string[];
  /** In place of `key`. */
  keyFile?: string | readonly string[];
}

/** The certificates of a server, and whose clients it trusts. */
export interface TlsCertificates extends TlsCertificate {
  /**
   * Certificates by the name that a client asks for (SNI): `{ "example.com": { cert, key }, "*.example.com": … }`. A
   * wildcard stands for one label. Whoever asks for another name, or for none, gets `cert`.
   */
  hosts?: Readonly<Record<string, TlsCertificate>>;
  /** Authorities whose clients are trusted, with `clientCert`. Nobody else is: not those that the system trusts. */
  ca?: Pem | readonly Pem[];
  /** In place of `ca`. */
  caFile?: string | readonly string[];
}

/** What both sides may say about TLS. */
export interface TlsCommonOptions {
  /** Protocols to speak inside, the best first (RFC 7301): `["h2", "http/1.1"]`. See `connection.tls.alpnProtocol`. */
  alpn?: readonly string[];
  /** Default: Node's, TLS 1.2. */
  minVersion?: SecureVersion;
  /** Default: Node's, TLS 1.3. */
  maxVersion?: SecureVersion;
  /** As OpenSSL names them. Default: Node's. */
  ciphers?: string;
}

/** What a `sni` callback may answer. `undefined`: the certificate of the server. */
export type SniAnswer = TlsCertificate | SecureContext | undefined;

/** How a server at `tls://…` speaks TLS. */
export interface TlsServerOptions extends TlsCertificates, TlsCommonOptions {
  /**
   * Looks at the files again every `watchInterval`, and takes what has changed for connections from then on: as
   * `setCertificates` does. Links are followed, so what certbot and Kubernetes do is seen. Default: false.
   */
  watch?: boolean;
  /** Milliseconds. Default 10,000: certificates are renewed days before they end. */
  watchInterval?: number;
  /** New certificates were taken from the files; or, with an `error`, they are of no use, and the old ones are kept. Default: errors are printed. */
  onReload?(error?: Error): void;

  /**
   * Whether clients are asked for a certificate.
   * - `"none"` (default): no
   * - `"request"`: yes, and `connection.tls.authorized` says whether it has one that `ca` trusts
   * - `"require"`: yes, and none without one is let in
   */
  clientCert?: "none" | "request" | "require";

  /**
   * Finds the certificate for a name that is not in `hosts`, in lower case. May be slow, within `handshakeTimeout`. The
   * same object given twice is parsed once. What it throws ends that handshake and no other.
   */
  sni?(servername: string): SniAnswer | Promise<SniAnswer>;

  /** Milliseconds for a handshake. Default 10,000: it takes three packets, and nginx waits 60 s, haproxy 10 s as advised. */
  handshakeTimeout?: number;

  /** Seconds for which a client may resume what it has negotiated. Default: Node's, 300. */
  sessionTimeout?: number;
  /** 48 bytes, the same in all processes that are to resume each other's sessions. Default: random ones. */
  ticketKeys?: Uint8Array;

  /** A peer did not get through its handshake. It is counted, and its connection over. Default: plain text is told on stderr, once a minute. */
  onHandshakeError?(error: HandshakeError): void;
}

/** How a client speaks TLS. */
export interface TlsClientOptions extends TlsCommonOptions {
  /** Whom to ask for (SNI), and whose certificate to expect. Default: the host of the address. */
  servername?: string;
  /** Authorities to trust, in place of Node's. */
  ca?: Pem | readonly Pem[];
  /** Our certificate, for a server that asks for one. */
  cert?: Pem;
  key?: Pem;
  passphrase?: string;
  /** False: goes on whoever the server is, and `connection.tls` says what is wrong with it. Default: true. */
  rejectUnauthorized?: boolean;
  /** Looks at the server's certificate when it is trusted: an error returned ends the handshake. Default: Node's, which compares names. */
  checkServerIdentity?(servername: string, certificate: PeerCertificate): Error | undefined;
  /** Where sessions are kept, for the next connection to resume. Default: none are. */
  sessions?: TlsSessions;
}

const CERTIFICATE = ["cert", "key", "passphrase", "certFile", "keyFile"];
const CERTIFICATES = [...CERTIFICATE, "hosts", "ca", "caFile"];
const COMMON = ["alpn", "minVersion", "maxVersion", "ciphers"];

/** The options that each of these objects has. */
export const KNOWN = {
  certificate: CERTIFICATE,
  certificates: CERTIFICATES,
  server: [
    ...CERTIFICATES,
    ...COMMON,
    "watch",
    "watchInterval",
    "onReload",
    "clientCert",
    "sni",
    "handshakeTimeout",
    "sessionTimeout",
    "ticketKeys",
    "onHandshakeError",
  ],
  client: [
    ...COMMON,
    "servername",
    "ca",
    "cert",
    "key",
    "passphrase",
    "rejectUnauthorized",
    "checkServerIdentity",
    "sessions",
  ],
} as const;

/**
 * A security option that is misspelt, and silently ignored, is a hole.
 * @throws TypeError when `options` is no object, or has one that is not `known`
 */
export function refuseUnknown(options: unknown, known: readonly string[], where: string): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${where} is an object of options`);
  const odd = Object.keys(options).find((name) => !known.includes(name));
  if (odd !== undefined) throw new TypeError(`${where} has no option "${odd}": ${known.join(", ")}`);
}

/** A list of what may be given alone. */
export function listOf<T>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given as T];
}
