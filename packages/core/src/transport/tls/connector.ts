import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { type ConnectionOptions, connect, type createSecureContext, type TLSSocket } from "node:tls";
import { domainToASCII } from "node:url";
import { formatAddress, type TlsAddress } from "../../address.ts";
import { AddressError } from "../../errors.ts";
import { shareReads } from "../shared-reads.ts";
import { authorityOptions, checkAuthorities, makeContext } from "./certificate.ts";
import { KNOWN, listOf, refuseUnknown, type TlsClientOptions } from "./options.ts";
import { normalizeServerName } from "./server-names.ts";
import type { TlsSessions } from "./sessions.ts";
import { TlsTransport } from "./tls-transport.ts";

/** What a client needs to speak TLS with one host, again and again: its certificates are parsed once. */
export class TlsConnector {
  readonly #options: ConnectionOptions;
  readonly #address: string;
  readonly #sessions: TlsSessions | undefined;
  /** Whose sessions may be resumed: all that a handshake would have looked at. */
  readonly #who: string;

  /** @throws TypeError, SockError `CERTIFICATE_INVALID`, `CERTIFICATE_MISMATCH` */
  constructor(address: TlsAddress, options: TlsClientOptions = {}) {
    const { host } = address;
    this.#address = formatAddress(address);
    refuseUnknown(options, KNOWN.client, "tls");
    const { alpn, minVersion, maxVersion, ciphers, rejectUnauthorized = true, checkServerIdentity } = options;
    // Read once, so that nobody looks up one name and compares another.
    const given = options.servername;
    const name = normalizeServerName(given ?? domainToASCII(host));
    if (given !== undefined && name === undefined)
      throw new TypeError(`tls.servername: ${JSON.stringify(given)} is no name of a host`);
    this.#options = {
      host: name ?? host,
      ...(name !== undefined && { servername: name }),
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      ...(checkServerIdentity !== undefined && { checkServerIdentity: checkServerIdentity.bind(options) }),
      rejectUnauthorized,
      secureContext: makeClientContext(options, {
        ...(minVersion !== undefined && { minVersion }),
        ...(maxVersion !== undefined && { maxVersion }),
        ...(ciphers !== undefined && { ciphers }),
      }),
    };
    this.#sessions = options.sessions;
    this.#who = options.sessions === undefined ? "" : whoOf(name ?? host, options);
  }

  /**
   * Speaks TLS over a socket that is connected, of which nothing was read.
   * @throws AddressError, or the reason of `signal`; the socket is destroyed then
   */
  secure(raw: Socket, signal: AbortSignal): Promise<TlsTransport> {
    return new Promise((resolve, reject) => {
      const session = this.#sessions?.get(this.#who);
      const socket = connect({ ...this.#options, socket: raw, ...(session !== undefined && { session }) });
      const secured = () => {
        signal.removeEventListener("abort", aborted);
        socket.off("error", failed).off("close", closed);
        shareReads(socket);
        resolve(new TlsTransport(socket, raw));
      };
      // Stays, for what a socket that was given up has to say.
      const failed = (error: Error) => {
        signal.removeEventListener("abort", aborted);
        // It may be what the server did not like.
        this.#sessions?.forget(this.#who);
        raw.destroy();
        reject(signal.aborted ? signal.reason : new AddressError(this.#address, error));
      };
      const aborted = () => failed(signal.reason);
      const closed = () => failed(Object.assign(new Error("the peer has gone"), { code: "ECONNRESET" }));
      socket.once("secureConnect", secured).on("error", failed).on("close", closed);
      signal.addEventListener("abort", aborted);
      if (this.#sessions !== undefined) this.#keepSessions(socket, this.#sessions);
    });
  }

  /** A session may come before the peer has been looked at, and is kept only behind that. */
  #keepSessions(socket: TLSSocket, sessions: TlsSessions): void {
    let isTrusted = false;
    let early: Buffer | undefined;
    socket.on("session", (session: Buffer) => {
      if (isTrusted) sessions.keep(this.#who, session);
      else early = session;
    });
    socket.once("secureConnect", () => {
      isTrusted = true;
      if (early !== undefined) sessions.keep(this.#who, early);
    });
  }
}

function makeClientContext(
  options: TlsClientOptions,
  others: object,
): ReturnType<typeof createSecureContext> {
  const { ca, cert, key, passphrase } = options;
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("tls: cert and key go together");
  checkAuthorities("tls.ca", listOf(ca));
  const identity =
    cert !== undefined && key !== undefined ? { chains: [cert], keys: [key], passphrase } : undefined;
  return makeContext("tls", identity, { ...authorityOptions(ca), ...others });
}

function whoOf(
  name: string,
  { ca, cert, rejectUnauthorized = true, checkServerIdentity }: TlsClientOptions,
): string {
  const trust = [listOf(ca).map(String), String(cert), rejectUnauthorized, String(checkServerIdentity)];
  return `${name} ${createHash("sha256").update(JSON.stringify(trust)).digest("hex")}`;
}
