import type { Socket } from "node:net";
import { createServer, type SecureContext, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { EventLoop } from "../../event-loop.ts";
import type { Arrival } from "../net-transport.ts";
import { shareReads } from "../shared-reads.ts";
import type { Transport } from "../transport.ts";
import { Handshake, type HandshakeOwner } from "./handshake.ts";
import type { HandshakeError } from "./handshake-error.ts";
import type { TlsCertificates, TlsServerOptions } from "./options.ts";
import { ServerCertificates } from "./server-certificates.ts";
import type { ServerContexts } from "./server-contexts.ts";
import { normalizeServerName } from "./server-names.ts";
import { checkServerOptions } from "./server-options.ts";
import { TlsTransport } from "./tls-transport.ts";

/** Who hears of handshakes. */
export interface HandshakesOwner {
  readonly loop: EventLoop;
  handshakeFailed(error: HandshakeError): void;
  /** Something failed that is of no connection. */
  failed(error: Error): void;
}

/** Node ends handshakes too, after this: the longest that its timers can have. The deadline is our own. */
const NEVER = 2 ** 31 - 1;

/** Makes transports of sockets that were accepted, by way of TLS. */
export class TlsHandshakes implements HandshakeOwner {
  readonly #options: TlsServerOptions;
  readonly #certificates: ServerCertificates;
  readonly #owner: HandshakesOwner;
  readonly #server: Server;
  readonly #within: number;
  readonly #pending = new Set<Handshake>();

  private constructor(options: TlsServerOptions, certificates: ServerCertificates, owner: HandshakesOwner) {
    this.#options = options;
    this.#certificates = certificates;
    this.#owner = owner;
    this.#server = createServer(this.#serverOptions());
    this.#within = options.handshakeTimeout ?? 10_000;
    certificates.onChange((contexts) => this.#take(contexts));
  }

  /**
   * Reads the certificates.
   * @throws SockError `CERTIFICATE_INVALID`, `CERTIFICATE_MISMATCH`, `CERTIFICATE_UNREADABLE`; TypeError, RangeError
   */
  static async make(options: TlsServerOptions, owner: HandshakesOwner): Promise<TlsHandshakes> {
    checkServerOptions(options);
    const certificates = new ServerCertificates(options, owner.loop, (error) => owner.failed(error));
    await certificates.open();
    return new TlsHandshakes(options, certificates, owner);
  }

  /** Handshakes that are under way. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Takes a paused socket of which nothing was read but what is in `arrival`.
   * @param done is called once, with the transport when the handshake is done, and without it when it comes to nothing
   */
  begin(carrier: Socket, arrival: Arrival, done: (transport: Transport | undefined) => void): void {
    const handshake = new Handshake(carrier, arrival, done, this);
    this.#pending.add(handshake);
    handshake.begin(this.#server, this.#owner.loop, this.#within);
  }

  secured(handshake: Handshake, socket: TLSSocket): void {
    this.#pending.delete(handshake);
    shareReads(socket);
    handshake.done(new TlsTransport(socket, handshake.carrier, handshake.arrival));
  }

  failed(handshake: Handshake, error: HandshakeError): void {
    this.#pending.delete(handshake);
    handshake.done(undefined);
    this.#owner.handshakeFailed(error);
  }

  /** See `Server.setCertificates`. */
  change(certificates: TlsCertificates): Promise<void> {
    return this.#certificates.change(certificates);
  }

  /** Cuts the handshakes that are under way. */
  close(): void {
    this.#certificates.close();
    for (const handshake of this.#pending) {
      handshake.cut();
      handshake.done(undefined);
    }
    this.#pending.clear();
  }

  #take(contexts: ServerContexts): void {
    // A client may go on with what it has negotiated before, if the same clients are trusted.
    const ticketKeys = this.#server.getTicketKeys();
    this.#server.setSecureContext({ ticketKeys, ...contexts.own });
  }

  #serverOptions(): TlsOptions {
    const { alpn, clientCert = "none" } = this.#options;
    const choose = (socket: Receiver, name: string, answer: Answer) => this.#choose(socket, name, answer);
    return {
      ...this.#certificates.contexts.own,
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      requestCert: clientCert !== "none",
      rejectUnauthorized: clientCert === "require",
      handshakeTimeout: NEVER,
      pauseOnConnect: true,
      SNICallback(this: Receiver, name: string, answer: Answer) {
        choose(this, name, answer);
      },
    };
  }

  #choose(socket: Receiver, asked: string, answer: Answer): void {
    const name = normalizeServerName(asked);
    const found = name === undefined ? undefined : this.#certificates.contexts.find(name);
    if (found !== undefined || name === undefined || this.#options.sni === undefined)
      return answer(null, found);
    // What the peer sends meanwhile would be gathered, and nothing bounds it.
    socket._handle?.readStop?.();
    this.#ask(name).then(
      (context) => {
        socket._handle?.readStart?.();
        answer(null, context);
      },
      (error: unknown) => answer(sniFailed(name, error)),
    );
  }

  async #ask(name: string): Promise<SecureContext | undefined> {
    return this.#certificates.contexts.from(await this.#options.sni?.(name));
  }
}

type Answer = (error: Error | null, context?: SecureContext) => void;

/** The socket that Node calls its callback on. Where a Node has no such methods, the deadline bounds what is gathered. */
interface Receiver {
  _handle?: { readStop?(): void; readStart?(): void } | null;
}

function sniFailed(name: string, cause: unknown): Error {
  return Object.assign(new Error(`tls.sni("${name}"): ${cause}`, { cause }), { code: "SNI_FAILED" });
}
