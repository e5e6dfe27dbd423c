import type { Alarm } from "@sock/timer";
import { LiveConnection } from "../connection/live-connection.ts";
import { type ConnectionSettings, settle } from "../connection/options.ts";
import { formatListenAddress, type ListenAddress } from "../listen-address.ts";
import { newStats, type Stats } from "../stats.ts";
import type { Door } from "../transport/accept.ts";
import { type Listener, listenOnNet } from "../transport/net-listener.ts";
import { ProxyProtocol } from "../transport/proxy-protocol/options.ts";
import type { Transport } from "../transport/transport.ts";
import { Admission, type Refusal } from "./admission.ts";
import type { Server, ServerCloseOptions, ServerOptions } from "./server.ts";

interface Accepted {
  transport: Transport;
  /** The address that it was admitted by. */
  cameAs: string | undefined;
}

export class LiveServer<In, Out, Note, Context> implements Server<In, Out, Note, Context>, Door {
  readonly connections = new Set<LiveConnection<In, Out, Note, Context>>();

  readonly #settings: ConnectionSettings<In, Out, Note, Context>;
  readonly #backlog: number;
  readonly #stats = newStats();
  readonly #admission: Admission;
  readonly #proxyProtocol: ProxyProtocol | undefined;
  #listener!: Listener;
  /** Connections accepted while accepting was paused; absent while it is not. */
  #parked: Accepted[] | undefined;
  readonly #toldOf = new Set<Refusal>();
  #closing: Promise<void> | undefined;
  #emptied: () => void = () => {};
  /** When those who are left are closed. */
  #stopAt = Infinity;
  #stopAlarm: Alarm | undefined;

  constructor(options: ServerOptions<In, Out, Note, Context>) {
    this.#settings = settle(options);
    this.#admission = new Admission(options, this.#settings.loop);
    this.#proxyProtocol = options.proxyProtocol && new ProxyProtocol(options.proxyProtocol);
    this.#backlog = options.backlog ?? 1024;
  }

  async listen(address: ListenAddress): Promise<this> {
    this.#listener = await listenOnNet(address, {
      backlog: this.#backlog,
      door: this,
      proxyProtocol: this.#proxyProtocol,
      loop: this.#settings.loop,
      accepted: (transport, cameAs) => this.#accept({ transport, cameAs }),
      failed: (error) => this.#report(error),
    });
    return this;
  }

  get address(): string {
    return formatListenAddress(this.#listener.address);
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
    return { ...this.#stats, refusedBy: { ...this.#stats.refusedBy } };
  }

  close({ drain = 0 }: ServerCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#stopAccepting(drain > 0);
    this.#stopWithin(drain);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when all connections are gone. */
  async #stopAccepting(isDraining: boolean): Promise<void> {
    this.#listener.close();
    for (const { transport } of this.#parked ?? []) transport.destroy();
    if (isDraining) for (const connection of this.connections) connection.drain();
    if (this.connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    this.#stopAlarm?.cancel();
  }

  /** Whoever is in the greatest hurry decides. */
  #stopWithin(drain: number): void {
    const { loop } = this.#settings;
    const at = loop.now() + Math.max(drain, 0);
    if (at >= this.#stopAt || this.connections.size === 0) return;
    this.#stopAt = at;
    this.#stopAlarm?.cancel();
    if (drain > 0) this.#stopAlarm = loop.after(drain, () => this.#stop());
    else this.#stop();
  }

  #stop(): void {
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

  left(): void {
    this.#admission.leave(undefined);
  }

  #accept(accepted: Accepted): void {
    const { transport, cameAs } = accepted;
    if (this.#closing !== undefined) return transport.destroy();
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
      this.#admission.leave(cameAs);
      this.#report(error);
      return;
    }
    this.connections.add(connection);
    connection.start();
  }

  readonly #leave = (connection: LiveConnection<In, Out, Note, Context>, cameAs?: string): void => {
    this.#admission.leave(cameAs);
    this.connections.delete(connection);
    if (this.connections.size === 0) this.#emptied();
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
