import type { Alarm } from "@sock/timer";
import type { Address } from "../address.ts";
import { formatAddress } from "../address.ts";
import { LiveConnection } from "../connection/live-connection.ts";
import { type ConnectionSettings, settle } from "../connection/options.ts";
import { newStats, type Stats } from "../stats.ts";
import { type Listener, listenOnNet } from "../transport/net-listener.ts";
import type { Transport } from "../transport/transport.ts";
import type { Server, ServerCloseOptions, ServerOptions } from "./server.ts";

export class LiveServer<In, Out, Note, Context> implements Server<In, Out, Note, Context> {
  readonly connections = new Set<LiveConnection<In, Out, Note, Context>>();
  maxConnections: number;

  readonly #settings: ConnectionSettings<In, Out, Note, Context>;
  readonly #backlog: number;
  readonly #stats = newStats();
  #listener!: Listener;
  /** Connections accepted while accepting was paused; absent while it is not. */
  #parked: Transport[] | undefined;
  #closing: Promise<void> | undefined;
  #emptied: () => void = () => {};
  /** When those who are left are closed. */
  #stopAt = Infinity;
  #stopAlarm: Alarm | undefined;

  constructor(options: ServerOptions<In, Out, Note, Context>) {
    this.#settings = settle(options);
    this.maxConnections = options.maxConnections ?? Infinity;
    this.#backlog = options.backlog ?? 1024;
  }

  async listen(address: Address): Promise<this> {
    this.#listener = await listenOnNet(address, {
      backlog: this.#backlog,
      admits: () => this.#admits(),
      accepted: (transport) => this.#accept(transport),
      failed: (error) => this.#report(error),
    });
    return this;
  }

  get address(): string {
    return formatAddress(this.#listener.address);
  }

  pauseAccept(): void {
    this.#parked ??= [];
  }

  resumeAccept(): void {
    const parked = this.#parked ?? [];
    this.#parked = undefined;
    for (const transport of parked) this.#accept(transport);
  }

  stats(): Readonly<Stats> {
    return { ...this.#stats };
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
    for (const transport of this.#parked ?? []) transport.destroy();
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

  #admits(): boolean {
    const isFull = this.connections.size + (this.#parked?.length ?? 0) >= this.maxConnections;
    const isParkedFull = this.#parked !== undefined && this.#parked.length >= this.#backlog;
    if (!isFull && !isParkedFull) return true;
    this.#stats.refused++;
    return false;
  }

  #accept(transport: Transport): void {
    if (this.#closing !== undefined) return transport.destroy();
    if (this.#parked !== undefined) {
      this.#parked.push(transport);
      return;
    }
    let connection: LiveConnection<In, Out, Note, Context>;
    try {
      connection = new LiveConnection(transport, this.#settings, this.#stats, this.#leave);
    } catch (error) {
      this.#report(error);
      return;
    }
    this.connections.add(connection);
    connection.start();
  }

  /** Shared by all connections. */
  readonly #leave = (connection: LiveConnection<In, Out, Note, Context>): void => {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.#emptied();
  };

  /** What no connection can report: the codec's factory threw, or accepting failed. */
  #report(error: unknown): void {
    this.#stats.errors++;
    this.#settings.logger.error({ err: error }, `server ${this.address}`);
  }
}
