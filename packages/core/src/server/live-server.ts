import type { Alarm } from "@sock/timer";
import type { StreamAddress } from "../address.ts";
import { LiveConnection } from "../connection/live-connection.ts";
import { type ConnectionSettings, settle } from "../connection/options.ts";
import { formatListenAddress, type ListenAddress } from "../listen-address.ts";
import { newStats, type Stats } from "../stats.ts";
import {
  type AcceptOptions,
  Acceptor,
  type Door,
  type GivenConnection,
  type Newcomer,
} from "../transport/accept.ts";
import { type Listener, listenOnNet } from "../transport/net-listener.ts";
import { ProxyProtocol } from "../transport/proxy-protocol/options.ts";
import type { HandshakeError } from "../transport/tls/handshake-error.ts";
import { TlsHandshakes } from "../transport/tls/handshakes.ts";
import type { TlsCertificates } from "../transport/tls/options.ts";
import type { Transport } from "../transport/transport.ts";
import { Admission, type Refusal } from "./admission.ts";
import { Farewells } from "./farewells.ts";
import { Roster } from "./roster.ts";
import type { ServerCloseOptions, ServerOptions, SocketServer } from "./server.ts";

interface Accepted {
  transport: Transport;
  /** The address that it was admitted by. */
  cameAs: string | undefined;
}

export class LiveServer<In, Out, Note, Context> implements SocketServer<In, Out, Note, Context>, Door {
  readonly connections = new Roster<LiveConnection<In, Out, Note, Context>>();

  readonly #options: ServerOptions<In, Out, Note, Context>;
  readonly #settings: ConnectionSettings<In, Out, Note, Context>;
  readonly #backlog: number;
  readonly #stats = newStats();
  readonly #admission: Admission;
  readonly #proxyProtocol: ProxyProtocol | undefined;
  readonly #listeners = new Set<Listener>();
  #address!: ListenAddress;
  /** For connections that others have accepted. */
  #acceptor: Acceptor | undefined;
  #tls: TlsHandshakes | undefined;
  /** When a peer without TLS was last told of. */
  #toldPlainText = -Infinity;
  /** Connections accepted while accepting was paused; absent while it is not. */
  #parked: Accepted[] | undefined;
  readonly #toldOf = new Set<Refusal>();
  #closing: Promise<void> | undefined;
  /** Closing, and those who have been accepted come in, to be told that they should leave. */
  #isDraining = false;
  #emptied: () => void = () => {};
  /** When those who are left are closed. */
  #stopAt = Infinity;
  #stopAlarm: Alarm | undefined;
  readonly #farewells: Farewells;

  constructor(options: ServerOptions<In, Out, Note, Context>) {
    this.#options = options;
    this.#settings = settle(options);
    this.#farewells = new Farewells(this.#settings.loop);
    this.#admission = new Admission(options, this.#settings.loop);
    this.#proxyProtocol = options.proxyProtocol && new ProxyProtocol(options.proxyProtocol);
    this.#backlog = options.backlog ?? 1024;
  }

  async listen(address: ListenAddress): Promise<this> {
    this.#tls = await this.#makeTls(address);
    try {
      const listener = await this.#open(address);
      this.#address = listener.address;
    } catch (error) {
      this.#tls?.close();
      throw error;
    }
    return this;
  }

  /** Accepts nobody by itself. */
  async servesAt(address: StreamAddress): Promise<this> {
    this.#address = address;
    this.#tls = await this.#makeTls(address);
    this.#acceptor = new Acceptor(address, this.#acceptOptions);
    return this;
  }

  async listenWith(socket: object): Promise<() => void> {
    const listener = await this.#open({ transport: "given", socket });
    return () => {
      listener.stop();
      if (listener.pending === 0) this.#listeners.delete(listener);
    };
  }

  take(connection: GivenConnection): void {
    this.#acceptor?.acceptGiven(connection);
  }

  async #open(address: ListenAddress): Promise<Listener> {
    const listener = await listenOnNet(address, {
      backlog: this.#backlog,
      failed: (error) => this.#report(error),
      ...this.#acceptOptions,
    });
    if (this.#closing === undefined) this.#listeners.add(listener);
    else listener.stop();
    return listener;
  }

  get #acceptOptions(): AcceptOptions {
    return {
      door: this,
      proxyProtocol: this.#proxyProtocol,
      tls: this.#tls,
      loop: this.#settings.loop,
      accepted: (transport, cameAs) => this.#accept({ transport, cameAs }),
    };
  }

  get address(): string {
    return formatListenAddress(this.#address);
  }

  get maxConnections(): number {
    return this.#admission.maxConnections;
  }

  set maxConnections(connections: number) {
    this.#admission.maxConnections = connections;
  }

  pauseAccept(): void {
    this.#parked ??= [];
  }

  resumeAccept(): void {
    const parked = this.#parked ?? [];
    this.#parked = undefined;
    for (const accepted of parked) this.#accept(accepted);
  }

  stats(): Readonly<Stats> {
    const handshaking = this.#tls?.pending ?? 0;
    return { ...this.#stats, handshaking, refusedBy: { ...this.#stats.refusedBy } };
  }

  async setCertificates(certificates: TlsCertificates): Promise<void> {
    if (this.#tls === undefined) throw new TypeError(`${this.address} speaks no TLS`);
    await this.#tls.change(certificates);
  }

  close({ drain = 0, drainRate = Infinity, why }: ServerCloseOptions = {}): Promise<void> {
    if (!(drainRate > 0)) throw new RangeError(`drainRate ${drainRate} is not a positive number a second`);
    if (why !== undefined) this.#farewells.why = why;
    this.#closing ??= this.#stopAccepting(drain, drainRate);
    this.#stopWithin(drain);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when all connections are gone. */
  async #stopAccepting(drain: number, drainRate: number): Promise<void> {
    this.#isDraining = drain > 0;
    for (const listener of this.#listeners) listener.stop();
    for (const { transport } of this.#parked ?? []) transport.destroy();
    if (drain > 0) {
      // All are told within half of the time.
      const enough = (2_000 * this.connections.size) / drain;
      this.#farewells.begin(this.connections, Math.max(drainRate, enough));
    } else {
      this.#turnAwayPending();
    }
    if (!this.#isEmpty) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    this.#turnAwayPending();
    this.#stopAlarm?.cancel();
    this.#farewells.stop();
  }

  /** Whether nobody is in, and nobody on the way in who was accepted. */
  get #isEmpty(): boolean {
    return this.connections.size === 0 && (this.#tls?.pending ?? 0) === 0 && this.#unheard === 0;
  }

  /** Peers whose PROXY header is not whole yet. */
  get #unheard(): number {
    let unheard = this.#acceptor?.pending ?? 0;
    for (const listener of this.#listeners) unheard += listener.pending;
    return unheard;
  }

  #turnAwayPending(): void {
    for (const listener of this.#listeners) listener.close();
    this.#acceptor?.close();
  }

  /** Whoever is in the greatest hurry decides. */
  #stopWithin(drain: number): void {
    const { loop } = this.#settings;
    const at = loop.now() + Math.max(drain, 0);
    if (at >= this.#stopAt || this.#isEmpty) return;
    this.#stopAt = at;
    this.#stopAlarm?.cancel();
    if (drain > 0) this.#stopAlarm = loop.after(drain, () => this.#stop());
    else this.#stop();
  }

  #stop(): void {
    this.#isDraining = false;
    this.#farewells.stop();
    this.#turnAwayPending();
    if (this.#isEmpty) this.#emptied();
    for (const connection of this.connections) connection.stop();
  }

  // What the listener asks

  get looksAtAddresses(): boolean {
    return this.#admission.looksAtAddresses;
  }

  admits(address: string | undefined): boolean {
    const isParkedFull = this.#parked !== undefined && this.#parked.length >= this.#backlog;
    const refusal = isParkedFull ? "paused" : this.#admission.enter(address);
    if (refusal !== undefined) this.turnedAway(refusal);
    return refusal === undefined;
  }

  admitsAs(address: string): boolean {
    const refusal = this.#admission.identify(address);
    if (refusal === undefined) return true;
    this.#admission.leave(undefined);
    this.turnedAway(refusal);
    return false;
  }

  turnedAway(refusal: Refusal, error?: Error): void {
    this.#stats.refused++;
    this.#stats.refusedBy[refusal]++;
    // Once: those who are turned away must not fill a log.
    if (error === undefined || this.#toldOf.has(refusal)) return;
    this.#toldOf.add(refusal);
    this.#report(error);
  }

  get welcomes(): ((newcomer: Newcomer, cameAs: string | undefined) => boolean) | undefined {
    return this.#options.onAccept && this.#welcomes;
  }

  readonly #welcomes = (newcomer: Newcomer, cameAs: string | undefined): boolean => {
    try {
      if (this.#options.onAccept?.(newcomer) !== false) return true;
    } catch (error) {
      this.#report(error);
    }
    this.left(cameAs);
    this.turnedAway("onAccept");
    return false;
  };

  left(cameAs?: string): void {
    this.#admission.leave(cameAs);
    if (this.#isEmpty) this.#emptied();
  }

  async #makeTls(address: ListenAddress): Promise<TlsHandshakes | undefined> {
    const { tls } = this.#options;
    const isSaid = address.transport === "tls";
    if (isSaid !== (tls !== undefined) && address.transport !== "fd") {
      const where = formatListenAddress(address);
      throw new TypeError(`${where}: the option tls goes with tls://, and tls:// with it`);
    }
    if (tls === undefined) return undefined;
    return TlsHandshakes.make(tls, {
      loop: this.#settings.loop,
      handshakeFailed: (error) => this.#handshakeFailed(error),
      failed: (error) => this.#report(error),
    });
  }

  #handshakeFailed(error: HandshakeError): void {
    this.#stats.handshakesFailed++;
    const { onHandshakeError } = this.#options.tls ?? {};
    if (onHandshakeError === undefined) return this.#logHandshake(error);
    try {
      onHandshakeError.call(this.#options.tls, error);
    } catch (thrown) {
      this.#report(thrown);
    }
  }

  /** Plain text once a minute: peers shall not fill anybody's disk. */
  #logHandshake(error: HandshakeError): void {
    if (error.code === "SNI_FAILED") return this.#report(error);
    const now = this.#settings.loop.now();
    if (!error.isPlainText || now < this.#toldPlainText + 60_000) return;
    this.#toldPlainText = now;
    this.#settings.logger.error({ err: error }, `server ${this.address}`);
  }

  #accept(accepted: Accepted): void {
    const { transport, cameAs } = accepted;
    if (this.#closing !== undefined && !this.#isDraining) return transport.destroy();
    if (this.#parked !== undefined) {
      this.#parked.push(accepted);
      return;
    }
    // Shared by all connections that need no remembering.
    const left = cameAs === undefined ? this.#leave : this.#leaveAs(cameAs);
    let connection: LiveConnection<In, Out, Note, Context>;
    try {
      connection = new LiveConnection(transport, this.#settings, this.#stats, left);
    } catch (error) {
      this.left(cameAs);
      this.#report(error);
      return;
    }
    this.connections.add(connection);
    connection.start();
    if (this.#isDraining) connection.drain(this.#farewells.why);
  }

  readonly #leave = (connection: LiveConnection<In, Out, Note, Context>, cameAs?: string): void => {
    this.#admission.leave(cameAs);
    this.connections.delete(connection);
    if (this.#isEmpty) this.#emptied();
  };

  #leaveAs(cameAs: string): (connection: LiveConnection<In, Out, Note, Context>) => void {
    return (connection) => this.#leave(connection, cameAs);
  }

  /** What no connection can report: the codec's factory threw, or accepting failed. */
  #report(error: unknown): void {
    this.#stats.errors++;
    this.#settings.logger.error({ err: error }, `server ${this.address}`);
  }
}
