import { constants, createHash } from "node:crypto";
import type { SecureContext, SecureContextOptions } from "node:tls";
import { authorityOptions, checkAuthorities, identityOptions, makeContext } from "./certificate.ts";
import { type Loaded, loadCertificates, loadIdentity } from "./certificate-files.ts";
import {
  KNOWN,
  refuseUnknown,
  type TlsCertificate,
  type TlsCertificates,
  type TlsServerOptions,
} from "./options.ts";
import { HostMap } from "./server-names.ts";

/** The certificates of a server as they are at a time, ready for handshakes. */
export class ServerContexts {
  /** For Node's server: whoever asks for no name, or for one that nobody knows, gets this. */
  readonly own: SecureContextOptions;
  readonly #hosts = new HostMap<SecureContext>();
  readonly #common: SecureContextOptions;
  /** Node's class of contexts has no public name. */
  readonly #like: SecureContext;
  /** Of what a `sni` callback gave. */
  readonly #made = new WeakMap<TlsCertificate, Promise<SecureContext>>();

  private constructor(loaded: Loaded, options: TlsServerOptions) {
    checkAuthorities("tls.ca", loaded.ca ?? []);
    this.#common = commonOptions(loaded, options);
    this.own = { ...this.#common, ...(loaded.own && identityOptions(loaded.own)) };
    // Node's server will make another like it. This one shows that it can.
    this.#like = makeContext("tls", loaded.own, this.#common);
    for (const [host, identity] of loaded.hosts)
      this.#hosts.set(host, makeContext(`tls.hosts["${host}"]`, identity, this.#common));
  }

  /**
   * Reads and parses, and matches each key with its certificate.
   * @throws SockError `CERTIFICATE_INVALID`, `CERTIFICATE_MISMATCH`, `CERTIFICATE_UNREADABLE`; TypeError
   */
  static async make(given: TlsCertificates, options: TlsServerOptions): Promise<ServerContexts> {
    return new ServerContexts(await loadCertificates(given), options);
  }

  /** For a name as `normalizeServerName` gives it. */
  find(servername: string): SecureContext | undefined {
    return this.#hosts.get(servername);
  }

  /**
   * From what a `sni` callback gave.
   * @throws as `make`
   */
  async from(answer: unknown): Promise<SecureContext | undefined> {
    if (answer === undefined) return undefined;
    if (answer instanceof this.#like.constructor) return answer as SecureContext;
    refuseUnknown(answer, KNOWN.certificate, "what tls.sni gives");
    const certificate = answer as TlsCertificate;
    let made = this.#made.get(certificate);
    if (made === undefined) {
      made = this.#make(certificate);
      this.#made.set(certificate, made);
      // It may be files that are not there yet.
      made.catch(() => this.#made.delete(certificate));
    }
    return made;
  }

  async #make(certificate: TlsCertificate): Promise<SecureContext> {
    const identity = await loadIdentity("what tls.sni gives", certificate);
    if (identity === undefined) throw new TypeError("what tls.sni gives has no certificate");
    return makeContext("what tls.sni gives", identity, this.#common);
  }
}

function commonOptions({ ca }: Loaded, options: TlsServerOptions): SecureContextOptions {
  const { minVersion, maxVersion, ciphers, sessionTimeout, ticketKeys, clientCert = "none" } = options;
  const trust = createHash("sha256").update(JSON.stringify([clientCert, ca?.map(String)]));
  return {
    ...authorityOptions(ca),
    ...(minVersion !== undefined && { minVersion }),
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ciphers !== undefined && { ciphers }),
    ...(sessionTimeout !== undefined && { sessionTimeout }),
    ...(ticketKeys !== undefined && { ticketKeys: Buffer.from(ticketKeys) }),
    honorCipherOrder: true,
    // TLS 1.3 has none, and before it was good for attacks only.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // A client is not looked at again when it resumes: only where the same clients are trusted may it.
    sessionIdContext: trust.digest("hex").slice(0, 32),
  };
}
