import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { normalizeServerName } from "./server-names.ts";

/** What is known of a connection over TLS. Looked up when it is asked for: what has been then stays known after the end. */
export interface TlsDetails {
  /** Whether the peer has shown a certificate that is trusted. */
  readonly authorized: boolean;
  /** Why it is not, by OpenSSL's name; also when nobody asked for a certificate, `undefined`. */
  readonly authorizationError: string | undefined;
  /** What was agreed on. */
  readonly alpnProtocol: string | undefined;
  /** Whom the client asked for, in lower case. */
  readonly servername: string | undefined;
  /** `"TLSv1.3"`, … */
  readonly protocol: string | undefined;
  /** By its standard name: `"TLS_AES_256_GCM_SHA384"`. */
  readonly cipher: string | undefined;
  /** Whether it goes on with what an earlier connection has negotiated. */
  readonly isResumed: boolean;
  /** What the peer has shown, whether it is trusted or not. A client that resumes is shown nothing. */
  readonly peerCertificate: X509Certificate | undefined;
}

/** Asks a socket of Node. */
export class SocketTlsDetails implements TlsDetails {
  readonly #socket: TLSSocket;
  #protocol: string | undefined;
  #cipher: string | undefined;
  #isResumed: boolean | undefined;
  #peerCertificate: X509Certificate | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  get authorized(): boolean {
    return this.#socket.authorized;
  }

  get authorizationError(): string | undefined {
    // Declared as an error, and given as its code.
    return (this.#socket.authorizationError as unknown as string | null) ?? undefined;
  }

  get alpnProtocol(): string | undefined {
    return this.#socket.alpnProtocol || undefined;
  }

  get servername(): string | undefined {
    const { servername } = this.#socket as { servername?: unknown };
    return typeof servername === "string" ? normalizeServerName(servername) : undefined;
  }

  get protocol(): string | undefined {
    this.#protocol ??= this.#socket.getProtocol() ?? undefined;
    return this.#protocol;
  }

  get cipher(): string | undefined {
    // Null on a socket that is gone, whatever the types say.
    this.#cipher ??= (this.#socket.getCipher() as { standardName: string } | null)?.standardName;
    return this.#cipher;
  }

  get isResumed(): boolean {
    this.#isResumed ??= (this.#socket.isSessionReused() as boolean | null) ?? undefined;
    return this.#isResumed ?? false;
  }

  get peerCertificate(): X509Certificate | undefined {
    this.#peerCertificate ??= this.#socket.getPeerX509Certificate() ?? undefined;
    return this.#peerCertificate;
  }
}
