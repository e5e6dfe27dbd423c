import type { Alarm } from "@sock/timer";
import type { CloseDetails, Connection, SendResult } from "../connection/connection.ts";
import type { LiveConnection } from "../connection/live-connection.ts";
import type { ConnectionOwner, ConnectionSettings } from "../connection/options.ts";
import { Outbox } from "../connection/outbox.ts";
import { isPromise } from "../connection/promise.ts";
import { SendGate } from "../connection/send-gate.ts";
import { Waiters } from "../connection/waiters.ts";
import { SockError } from "../errors.ts";
import type { Prepared } from "../prepared.ts";
import { newStats, type Stats } from "../stats.ts";
import { attempt } from "./attempt.ts";
import { Backoff } from "./backoff.ts";
import type { Client, ClientOptions } from "./client.ts";
import { DEFAULT_CONNECT_TIMEOUT, type Reach } from "./reach.ts";
import { CLIENT_LIFE, type ClientEvent, type ClientState } from "./state.ts";

/** What is to come when an attempt or a connection is lost: as the back-off says, after a time of the user's, or nothing. */
type Next = "backOff" | "stayAway" | { within: number };

/** Makes one connection after the other, and keeps what is sent between them. */
export class LiveClient<In, Out, Note, Context> implements Client<In, Out, Note, Context>, ConnectionOwner {
  readonly address: string;
  state: ClientState = "connecting";
  connection: LiveConnection<In, Out, Note, Context> | undefined;

  readonly #options: ClientOptions<In, Out, Note, Context>;
  readonly #settings: ConnectionSettings<In, Out, Note, Context>;
  readonly #reach: Reach<In, Out, Note, Context>["reach"];
  readonly #backoff: Backoff;
  readonly #stats = newStats();
  readonly #gate: SendGate;
  #queue = new Outbox<Out>();
  /** Breaks off the attempt under way. */
  #control = new AbortController();
  #alarm: Alarm | undefined;
  #next: Next = "backOff";
  #openedAt = 0;
  /** What made it give up. */
  #error: unknown;
  #isIterated = false;
  readonly #connected = new Waiters();
  readonly #gone = new Waiters();
  readonly #abort = () => this.close();

  constructor(
    address: string,
    options: ClientOptions<In, Out, Note, Context>,
    { reach, settings }: Reach<In, Out, Note, Context>,
  ) {
    this.address = address;
    this.#options = options;
    this.#settings = { ...settings, owner: this };
    this.#reach = reach;
    this.#backoff = new Backoff(options);
    this.#gate = new SendGate(settings.maxSendBufferSize);
  }

  start(): this {
    const { signal } = this.#options;
    signal?.addEventListener("abort", this.#abort);
    this.#attempt();
    if (signal?.aborted) this.close();
    return this;
  }

  // What the user asks

  get sendBufferSize(): number {
    return this.#queue.size + (this.connection?.sendBufferSize ?? 0);
  }

  get dropped(): number {
    return this.#stats.dropped;
  }

  send(message: Out | Prepared<Out>): SendResult {
    if (this.state === "closing" || this.state === "closed") return "closed";
    if (this.connection !== undefined && this.#queue.isEmpty) {
      const result = this.connection.send(message);
      if (result !== "closed") return result;
    }
    if (this.#options.whileAway === "refuse") return "closed";
    if (!this.#gate.admits(this.#queue.size)) {
      this.#stats.dropped++;
      return "dropped";
    }
    this.#queue.push(message);
    return "buffered";
  }

  async connected(signal?: AbortSignal): Promise<Connection<In, Out, Note, Context>> {
    for (;;) {
      if (this.state === "closed") throw this.#error ?? clientClosed(this.address);
      if (this.connection?.isWritable) return this.connection;
      await this.#connected.wait(signal);
    }
  }

  async drained(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const connection = (await this.connected(signal)) as LiveConnection<In, Out, Note, Context>;
      try {
        return await connection.drained(signal);
      } catch (error) {
        // What was in a connection that is lost waits no more; what it left, for the next one.
        if (connection.state !== "closed") throw error;
      }
    }
  }

  reconnect(delay = 0): void {
    if (!(delay >= 0)) throw new RangeError(`a delay of ${delay} ms`);
    if (this.state === "connected") {
      this.#next = { within: delay };
      this.connection?.close();
    } else if (this.state === "connecting") {
      // Of one that was broken off, something may be left.
      if (this.#control.signal.aborted) this.#next = { within: delay };
    } else if (this.#move("reconnect")) {
      this.#backoff.reset();
      this.#arm(delay);
    }
  }

  cancelReconnect(): void {
    this.#next = "stayAway";
    if (this.state === "connecting") this.#control.abort(clientClosed(this.address));
    else if (this.#move("cancel")) this.#alarm?.cancel();
  }

  close(message?: Out, details?: CloseDetails): void {
    const { connection } = this;
    if (!this.#move("close")) return;
    this.#queue = new Outbox();
    this.#control.abort(clientClosed(this.address));
    connection?.close(message, details);
    if (this.state === "closed") this.#over();
  }

  stats(): Readonly<Stats> {
    return { ...this.#stats };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<In, void, void> {
    if (this.#isIterated) throw new TypeError("the messages of this client are taken already");
    this.#isIterated = true;
    try {
      for (;;) {
        const connection = await this.#whenConnected();
        if (connection === undefined) return;
        yield* this.#messagesOf(connection);
        await connection.whenGone();
      }
    } finally {
      this.#isIterated = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (this.state !== "closed") await this.#gone.wait(undefined);
  }

  // What its connections tell

  opened(connection: LiveConnection<In, Out, Note, Context>): void {
    this.connection = connection;
    this.#openedAt = this.#settings.loop.now();
    this.#move("opened");
  }

  announced(connection: LiveConnection<In, Out, Note, Context>): void {
    this.#flush(connection);
    this.#connected.resolve();
  }

  /** The next attempt comes when nothing is left of the one before. */
  #attempt(): void {
    this.#next = "backOff";
    this.#control = new AbortController();
    const attempted = attempt({
      address: this.address,
      reach: this.#reach,
      settings: this.#settings,
      stats: this.#stats,
      timeout: this.#options.timeout ?? DEFAULT_CONNECT_TIMEOUT,
      signal: this.#control.signal,
      untilGone: true,
      left: (connection) => this.#left(connection),
    });
    attempted.catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#backoff.failed();
    this.#lost(error, isProgramsFault(error));
  }

  #left(connection: LiveConnection<In, Out, Note, Context>): void {
    // One that never opened is told of by its attempt.
    if (connection !== this.connection) return;
    this.connection = undefined;
    this.#backoff.lost(this.#settings.loop.now() - this.#openedAt);
    this.#lost(connection.failure, false);
  }

  #lost(error: unknown, isHopeless: boolean): void {
    if (this.#move("gone")) this.#over();
    else if (this.#next === "stayAway") this.#move("stayAway");
    else if (typeof this.#next === "object") this.#comeBackAsTold(this.#next.within, error);
    else if (this.#refusesToRetry(error, isHopeless)) this.#giveUp(error);
    else if (this.#backoff.isSpent) this.#giveUp(error ?? clientClosed(this.address));
    else this.#comeBack(this.#backoff.delay(), error);
  }

  #refusesToRetry(error: unknown, isHopeless: boolean): boolean {
    if (error === undefined) return false;
    const { shouldRetry } = this.#options;
    if (shouldRetry === undefined) return isHopeless;
    try {
      return !shouldRetry.call(this.#options, error);
    } catch (thrown) {
      this.#log("shouldRetry", thrown);
      return isHopeless;
    }
  }

  #comeBackAsTold(delay: number, error: unknown): void {
    this.#backoff.reset();
    this.#comeBack(delay, error);
  }

  #comeBack(delay: number, error: unknown): void {
    this.#move("comeBack");
    this.#arm(delay);
    const { onReconnecting } = this.#options;
    const next = { attempt: this.#backoff.failures + 1, delay, error };
    this.#tell("onReconnecting", () => onReconnecting?.call(this.#options, this, next));
  }

  #arm(delay: number): void {
    this.#alarm?.cancel();
    this.#alarm = this.#settings.loop.after(delay, () => {
      if (this.#move("due")) this.#attempt();
    });
  }

  #giveUp(error: unknown): void {
    this.#move("giveUp");
    this.#error = error;
    this.#over();
    const { onGiveUp } = this.#options;
    if (onGiveUp === undefined) this.#log("gives up", error);
    else this.#tell("onGiveUp", () => onGiveUp.call(this.#options, this, error));
  }

  #over(): void {
    this.#queue = new Outbox();
    this.#alarm?.cancel();
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#connected.reject(this.#error ?? clientClosed(this.address));
    this.#gone.resolve();
  }

  #flush(connection: LiveConnection<In, Out, Note, Context>): void {
    while (!this.#queue.isEmpty && connection.isWritable) {
      const message = this.#queue.shift() as Out;
      try {
        // Accepted long ago: no limit drops it now.
        connection.sendUrgent(message);
      } catch (error) {
        connection.encodeFailed(error);
      }
    }
  }

  #move(event: ClientEvent): boolean {
    const next = CLIENT_LIFE[this.state][event];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  /** Undefined: closed in order. */
  async #whenConnected(): Promise<LiveConnection<In, Out, Note, Context> | undefined> {
    for (;;) {
      if (this.connection !== undefined) return this.connection;
      if (this.state === "closed") {
        if (this.#error !== undefined) throw this.#error;
        return undefined;
      }
      // Rejects when the client is closed, which is seen to above.
      await this.#connected.wait(undefined).catch(() => undefined);
    }
  }

  async *#messagesOf(connection: LiveConnection<In, Out, Note, Context>): AsyncGenerator<In, void, void> {
    try {
      yield* connection;
    } catch (error) {
      // A lost connection is not the end: another comes, and `onError` has heard why.
      if (error !== connection.failure) throw error;
    }
  }

  #log(what: string, error: unknown): void {
    this.#settings.logger.error({ err: error }, `client ${this.address}, ${what}`);
  }

  #tell(name: string, call: () => unknown): void {
    const failed = (thrown: unknown) => this.#log(name, thrown);
    try {
      const handling = call();
      if (isPromise(handling)) handling.then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  }
}

/** Whether trying again would be of no use: what was given to `connect` is wrong, or a codec cannot be made. */
function isProgramsFault(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

function clientClosed(address: string): SockError {
  return new SockError("CONNECTION_CLOSED", `the client of ${address} is closed`);
}
